"""Writing an article's story by hand, in days since it was made."""

from collections.abc import Mapping, Sequence
from typing import Any

from story_fixtures import ANN, BOB, CREATED, desk

from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.measure.metrics.discovery import get_kpi
from helpdesk_kpi.measure.tickets.article import Article, ArticleLink, ArticleRecord, CountRecord, TextRecord
from helpdesk_kpi.measure.tickets.exclusions import apply_exclusions
from helpdesk_kpi.registers.checklists import Checklist

DAY = 86_400_000
EVE = 7  # a third author, beside Ann and Bob
MADE = CREATED


def on(day: float) -> int:
    return MADE + int(day * DAY)


def text(day: float, editor: int | None = BOB, length: int | None = None, **more: Any) -> TextRecord:
    """A version that the helpdesk tells, without a length if none is given."""
    given: dict[str, Any] = {"locale": "", "digest": None, "is_minor": None, "at_once": 1, **more}
    return TextRecord(article=1, at=on(day), editor=editor, length=length, **given)


def seen(day: float, editor: int | None = BOB, length: int = 0, **more: Any) -> TextRecord:
    """A text that a sync saw."""
    return text(day, editor, length, digest=f"of {day}", **more)


def cited(day: float, person: int, ticket: int, left_out: str = "", since: float | None = None) -> ArticleLink:
    return ArticleLink(on(day), person, ticket, left_out=left_out, since=None if since is None else on(since))


def counts(*told: tuple[float, int, int] | tuple[float, int]) -> list[CountRecord]:
    """(day, votes for, votes against), or (day, views)."""
    return [CountRecord(1, on(day), tuple(numbers)) for day, *numbers in told]


def article(
    *texts: TextRecord, citations: Sequence[ArticleLink] = (), votes: Sequence[CountRecord] = (),
    views: Sequence[CountRecord] = (), checklists: Sequence[Checklist] = (),
    humans: Mapping[int, int] | None = None, first_look: float = -1, **row: Any,
) -> Article:  # fmt: skip
    """Ann's article, in a helpdesk that was first looked at a day before it was made."""
    given = {"id": 1, "source": 1, "native": "900", "created_at": MADE, "author": ANN, "draft": 0, "at_once": 1, **row}
    fields: dict[str, Any] = dict.fromkeys(ArticleRecord.__struct_fields__) | given
    return Article(
        desk(), ArticleRecord(**fields), texts, citations=citations, votes=votes, views=views,
        checklists=checklists, humans=humans,
        counted_from=(on(first_look), on(first_look)),
    )  # fmt: skip


def told(of: Article, kpi: str, variant: str = "strict", *, as_of: float = 9999) -> list[Observation]:
    """The observations that exist after so many days."""
    spec, instant = get_kpi(kpi), on(as_of)
    return [
        o
        for o in apply_exclusions(of, spec, spec.variants[variant])
        if max(o.at, o.since or 0) <= instant and (o.until is None or instant < o.until)
    ]


def days(instant: int | None) -> float | None:
    return None if instant is None else (instant - MADE) / DAY
