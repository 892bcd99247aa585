"""Old names of values that templates print. They work in 0.6 and go in 0.7."""

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar


class DeprecatedNames:
    """Reads a renamed attribute by its old name, with a warning that gives the new one."""

    renamed: ClassVar[Mapping[str, str]] = {}  # old name -> new name

    def __getattr__(self, name: str) -> Any:
        new = type(self).renamed.get(name)
        if new is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        warnings.warn(f"templates: {name!r} is now {new!r}", DeprecationWarning, stacklevel=2)
        return getattr(self, new)
