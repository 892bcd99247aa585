"""What a layout consists of: parts, each with its files and a way to read them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from connectors.files.settings import Settings
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import SetAside

Read = Callable[[Path, Settings], Iterator[list[AnyRecord] | SetAside]]


class Part(NamedTuple):
    """One stream. Files `beside` are looked at while the others are read: when they change, all is read again."""

    name: str
    files: tuple[Path, ...]
    read: Read
    gives: frozenset[str] = frozenset()
    beside: tuple[Path, ...] = ()
    known: frozenset[str] = frozenset()  # its columns


def aside(path: Path, line: int, why: str) -> SetAside:
    return SetAside(f"{path.name}:{line}", why)
