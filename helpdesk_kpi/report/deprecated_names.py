"""Old names of values that templates print. They work in 0.6 and go in 0.7."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

log = logging.getLogger("helpdesk-kpi")


class DeprecatedNames:
    """Reads a renamed attribute by its old name. The log names the new one, once for each."""

    renamed: ClassVar[Mapping[str, str]] = {}  # old name -> new name

    def __getattr__(self, name: str) -> Any:
        new = type(self).renamed.get(name)
        if new is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        _warn_once(name, new)
        return getattr(self, new)


@cache
def _warn_once(old: str, new: str) -> None:
    log.warning("a report template uses %r, which is now %r: change it before version 0.7", old, new)
