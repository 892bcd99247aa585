"""The names of a message's variants.

`original`, `team_only`, `pseudonymous`: the complete report, by what the privacy setting lets it show.
`preliminary`, `preliminary 2`, `preliminary team_only`: a report of a period that is not complete. The second one of a
period is numbered, and made only on request.
"""

import re
from collections.abc import Iterable

_PRELIMINARY = re.compile(r"preliminary(?: (\d+))?(?: .+)?")


def complete(privacy: str) -> str:
    """Never the names that were frozen under another setting."""
    return "original" if privacy == "full" else privacy


def preliminary(number: int, privacy: str) -> str:
    words = ["preliminary", *([str(number)] if number > 1 else []), *([] if privacy == "full" else [privacy])]
    return " ".join(words)


def is_preliminary(variant: str) -> bool:
    return _PRELIMINARY.fullmatch(variant) is not None


def is_complete(variant: str) -> bool:
    """Whether it is the report that is due, and neither a preliminary one nor a test."""
    return not is_preliminary(variant) and not variant.startswith("test ")


def newest_number(variants: Iterable[str]) -> int:
    """The number of the newest preliminary variant; 0 where there is none."""
    found = (_PRELIMINARY.fullmatch(variant) for variant in variants)
    return max((int(match[1] or 1) for match in found if match), default=0)
