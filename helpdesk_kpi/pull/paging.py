"""When a list is at its end: only where its endpoint says so, in the words that the vendor documents for it."""

from collections.abc import Hashable

import msgspec

from helpdesk_kpi.errors import PullError


class PageWalk:
    """One walk over the pages of a list. `begin`: the place that the first page is asked for, if it has one."""

    def __init__(self, endpoint: str, begin: Hashable = None) -> None:
        self.endpoint = endpoint
        self._place = begin
        self._seen: set[Hashable] = {begin}

    def advance(self, *, more: bool | None, to: Hashable = None, has_rows: bool) -> bool:
        """Whether there is another page, to be asked for at `to`.

        Args:
            more: What the answer says about further pages; None: nothing, by none of the documented ways.
            to: Where they begin: a cursor, a token, a number.
            has_rows: Whether the answer has rows. One without any, and without a word, is the end.

        Raises:
            PullError: Rows came and no word on what follows: then nobody knows whether that was all. Or more is said
                to come, and its place was asked before, or is not told: then it would come for ever.
        """
        if more is None and has_rows:
            text = "rows came, and no word on whether more follow: this endpoint answers in a shape that is not known"
            raise PullError(f"{self.endpoint}: {text}", permanent=True)
        if not more:
            return False
        if to is None or to in self._seen:
            raise cursor_error(self.endpoint, self._place)
        self._seen.add(to)
        self._place = to
        return True


def cursor_error(endpoint: str, place: object) -> PullError:
    """What is raised where a list would come for ever."""
    return PullError(
        f"{endpoint}: the cursor does not move on from {place}, though more is said to come", permanent=True
    )


def has_rows(raw: msgspec.Raw) -> bool:
    """Whether a JSON array that was not decoded yet holds anything.

    >>> has_rows(msgspec.Raw(b"[ ]")), has_rows(msgspec.Raw(b"[{}]")), has_rows(msgspec.Raw(b""))
    (False, True, False)
    """
    text = bytes(raw).strip()
    return bool(text) and not (text[:1] == b"[" and text[-1:] == b"]" and not text[1:-1].strip()) and text != b"null"
