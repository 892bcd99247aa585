"""`[sources.NAME]` of a folder of files."""

import zoneinfo
from pathlib import Path
from typing import Literal

import msgspec

from helpdesk_kpi.config import list_time_zones


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a source of files."""

    path: Path  # the folder with the files; a relative one starts at the configuration's folder
    layout: Literal["own", "fivetran"] = "own"  # as docs/files.md says, or tables of Fivetran's Zendesk connector
    timezone: str | None = None  # of times that have none: an IANA name; without it such times are an error
    keep_fields: tuple[str, ...] = ()  # further columns of tickets to keep
    include_ratings_comment: bool = False  # keep what customers wrote into surveys
    thanks: tuple[str, ...] = ()  # set by sync; further words of gratitude
    sketch_key: bytes = b""  # set by sync; keys the fingerprints of texts

    def __post_init__(self) -> None:
        if self.timezone is not None and self.timezone not in list_time_zones():
            raise ValueError(f"no time zone named {self.timezone!r}; an IANA name like Europe/Berlin is expected")

    @property
    def zone(self) -> zoneinfo.ZoneInfo | None:
        if self.timezone is None and self.layout == "fivetran":  # it writes UTC
            return zoneinfo.ZoneInfo("UTC")
        return zoneinfo.ZoneInfo(self.timezone) if self.timezone else None
