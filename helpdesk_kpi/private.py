"""Files for this account of the machine only. Every file that a command writes is written here.

A file has mode 0600 from its first moment, whatever the umask: a mode that is set afterwards leaves a time in which
others can open it, and whoever has it open keeps it.
"""

import os
import secrets
import stat
from pathlib import Path

from helpdesk_kpi.errors import WriteError

MODE = 0o600
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY


def write_private(path: Path, content: bytes | str) -> None:
    """Write a file, whole or not at all; an existing one is replaced, its mode too.

    What is no regular file (/dev/stdout, a pipe) is written into. Raises WriteError.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if _is_special(path):
            path.write_bytes(data)
        else:
            _replace(path.resolve(), data)  # of a link, what it points to
    except OSError as error:
        raise WriteError(path, error) from error


def touch_private(path: Path) -> None:
    """Make an empty file unless it is there. Raises WriteError."""
    try:
        os.close(os.open(path, _NEW, MODE))
    except FileExistsError:
        return
    except OSError as error:
        raise WriteError(path, error) from error


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _replace(path: Path, data: bytes) -> None:
    if path.is_dir():
        raise IsADirectoryError(0, "it is a folder")
    part = path.with_name(f".{path.name[:60]}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, _NEW, MODE), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
