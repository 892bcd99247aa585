"""Values of custom fields, as text: helpdesks give them as whatever JSON has."""

from typing import Any

import msgspec


def to_text(given: Any) -> str | None:
    """Lists as "a, b", true and false in words, null and "" as None.

    >>> to_text(["eu", 7]), to_text(True), to_text("")
    ('eu, 7', 'true', None)
    """
    if given is None or given in ("", []):
        return None
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, list):
        return ", ".join(str(part) for part in given)
    return str(given) if isinstance(given, str | int | float) else msgspec.json.encode(given).decode()
