"""`report`: the one object that templates get."""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cached_property

import msgspec

from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.report import labels
from helpdesk_kpi.report.charts.geometry import Chart
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.deprecated_names import DeprecatedNames
from helpdesk_kpi.report.metric_view import MetricView
from helpdesk_kpi.report.plain_text import sanitise
from helpdesk_kpi.report.result_types import Privacy
from helpdesk_kpi.report.sections import process, quality
from helpdesk_kpi.report.sections.caveats import list_caveats
from helpdesk_kpi.report.sections.footnotes import Footnotes, build_footnotes, list_notices
from helpdesk_kpi.report.sections.headline import Headline, HeadlineInput, build_headline
from helpdesk_kpi.report.sections.lists import (
    ListLine,
    RatingLine,
    SeverityRow,
    TeamRow,
    WaitLine,
    list_ratings,
    list_severities,
    list_teams,
    list_tickets,
    list_waits,
)
from helpdesk_kpi.report.sections.tables import ListSection
from helpdesk_kpi.translations import gettext_noop

#: Of the built-in reports.
TITLES = {
    "weekly_digest": gettext_noop("Support, weekly digest"),
    "monthly_summary": gettext_noop("Support, monthly summary"),
    "process_review": gettext_noop("Support, process review"),
    "data_quality": gettext_noop("Support, data quality"),
}

CARDS = ("first_reply_time", "full_resolution_time", "csat", "backlog")
MEASURES = (
    "first_reply_time", "next_reply_time", "first_resolution_time", "full_resolution_time",
    "accepted_resolution_time", "solved_tickets", "reopen_rate", "backlog", "csat", "csat_response_rate",
)  # fmt: skip
SPLIT = ("first_reply_time", "full_resolution_time", "backlog")  # watched by severity too
MANY = 1_000  # more people than anybody lists
COUNTED = 60  # what waits is known to the 60 longest of a kind: from here on there may be more


class Card(msgspec.Struct, frozen=True):
    """A figure with what keeps it honest."""

    number: MetricView
    notes: Sequence[str]


class MetricGroup(msgspec.Struct, frozen=True):
    """The measures of one dimension."""

    title: str
    numbers: Sequence[MetricView]


class Report(DeprecatedNames):
    """One period in one language. Texts are ready to print; `kpi()` gives any further number."""

    renamed = {"rated": "rating_summary"}  # noqa: RUF012 - the base class says ClassVar

    def __init__(
        self,
        name: str,
        scene: RenderContext,
        *,
        privacy: Privacy = "full",
        page_url: str | None = None,
        is_preliminary: bool = False,
    ) -> None:
        """`page_url` opens every number. `is_preliminary`: the period is not complete, and another report will be."""
        self._scene = scene
        self.name = name
        self.privacy = privacy
        self.page_url = page_url
        self.is_preliminary = is_preliminary
        self.locale = scene.words.locale
        self.tag = scene.words.tag  # of the language, for HTML
        self.is_cjk = scene.words.is_cjk

    # where and when

    @property
    def title(self) -> str:
        known = self.name.replace("_", " ").capitalize()
        return sanitise(self._scene.words.gettext(TITLES.get(self.name, known)))

    @property
    def kind(self) -> str:
        """Of the period: week, month, ..."""
        return self._scene.kind

    @property
    def period(self) -> str:
        return self._scene.words.period(self._scene.figures.period)

    @property
    def period_label(self) -> str:
        """As people type it: 2026-W47."""
        return self._scene.figures.period.label

    @property
    def dates(self) -> str:
        return self._scene.words.dates(self._scene.figures.period)

    @property
    def team(self) -> str:
        """The team that the report is about, else the word for the desk."""
        return sanitise(self._scene.figures.team or "") or self._scene.words.gettext("Support")

    @property
    def before(self) -> str:
        """ "week before"."""
        return self._scene.words.before(self.kind)

    @property
    def previous_column(self) -> str:
        """The head of the column with values of the period before: "Week before"."""
        return self._scene.words.first(self.before)

    @cached_property
    def notices(self) -> list[str]:
        return list_notices(self._scene, is_preliminary=self.is_preliminary)

    # numbers

    def has(self, kpi: str) -> bool:
        return kpi in self._scene.figures.facts.catalogue

    def kpi(self, kpi: str, variant: str = "strict", **where: str | None) -> MetricView:
        """Any KPI over any slice: `report.kpi("csat", severity="P1")`. Raises UsageError on an unknown name."""
        catalogue = self._scene.figures.facts.catalogue
        if kpi not in catalogue:
            raise UsageError(f"no KPI named {kpi!r}{_meant(kpi, list(catalogue))}")
        if variant not in catalogue[kpi].variants:
            raise UsageError(f"{kpi} has no variant {variant!r}{_meant(variant, list(catalogue[kpi].variants))}")
        value = self._scene.figures.value(kpi, variant, **where)
        return MetricView(self._scene, catalogue[kpi], value, variant, where)

    @cached_property
    def measures(self) -> list[MetricView]:
        return [self.kpi(kpi) for kpi in MEASURES if self.has(kpi)]

    def is_chosen(self, number: MetricView) -> bool:
        """Whether mails show it too. Only those are split by team on the page: it would take most of the time."""
        return number.id in MEASURES

    @cached_property
    def groups(self) -> list[MetricGroup]:
        """Every KPI of the catalogue that has something to say, by dimension."""
        catalogue = self._scene.figures.facts.catalogue
        groups = []
        for dimension in labels.DIMENSIONS:
            numbers = [self.kpi(name) for name, entry in catalogue.items() if entry.dimension == dimension]
            reported = [one for one in numbers if one.id in MEASURES or not one.is_uninformative]
            if reported:
                groups.append(
                    MetricGroup(self._scene.words.label("dimension", dimension), sorted(reported, key=_sort_key))
                )
        return groups

    @cached_property
    def cards(self) -> list[Card]:
        """The four figures."""
        shown = {number.id: number for number in self.measures}
        return [Card(shown[kpi], list_caveats(shown[kpi], self._scene)) for kpi in CARDS if kpi in shown]

    def notes(self, number: MetricView) -> list[str]:
        """What keeps a number honest, as short lines."""
        return list_caveats(number, self._scene)

    @cached_property
    def severities(self) -> list[SeverityRow]:
        return list_severities(self._scene)

    @cached_property
    def teams(self) -> list[TeamRow]:
        """The four figures by team; empty in a report about one team."""
        return list_teams([card.number for card in self.cards], self._scene)

    @cached_property
    def headline(self) -> Headline:
        return build_headline([HeadlineInput(number, self._slices(number.id)) for number in self.measures], self._scene)

    def _slices(self, kpi: str) -> list[MetricView]:
        if kpi not in SPLIT:
            return []
        return [number for row in self.severities for number in row.numbers if number.id == kpi]

    @cached_property
    def pictured(self) -> MetricView | None:
        """The number whose trend is shown: the finding's, else the first reply's."""
        about = self.headline.about
        if about is not None and about.trend is not None:
            return about
        return next((number for number in self.measures if number.trend is not None), None)

    @property
    def trend(self) -> Chart | None:
        return self.pictured.trend if self.pictured else None

    # people and tickets

    def waiting(self, limit: int = 8) -> list[WaitLine]:
        return list_waits(self._scene.figures.waiting(MANY)[:limit], self._scene)

    def waiting_rest(self, shown: int) -> str:
        """How many more need a person: "and 9 more"; "" when all are shown."""
        count = len(self._scene.figures.waiting(MANY))
        if count <= shown:
            return ""
        if count < COUNTED:
            return self._scene.words.pgettext("tickets", "and {n} more", n=count - shown)
        return self._scene.words.gettext("and at least {n} more", n=count - shown)

    def bad_ratings(self, limit: int = 5) -> list[RatingLine]:
        return list_ratings(self._scene.figures.bad_ratings(limit)[:limit], self._scene)

    def bad_rest(self, shown: int) -> str:
        """How many more answers are not good: "and 2 more"; "" when all are shown."""
        rest = self._bad - shown
        return self._scene.words.pgettext("ratings", "and {n} more", n=rest) if rest > 0 else ""

    @property
    def _bad(self) -> int:
        value = self.kpi("csat").value
        return round(value.n * (1 - (value.value or 0)))

    def tickets(self, number: MetricView, limit: int = 50) -> list[ListLine]:
        """The tickets behind a number."""
        return list_tickets(number, self._scene, limit)

    @cached_property
    def rating_summary(self) -> str:
        """How many answers there are, and how many of them are not good."""
        words, value = self._scene.words, self.kpi("csat").value
        if not value.n:
            return words.gettext("No answers in this time.")
        bad = self._bad
        count = words.number(value.n)
        if not bad:  # Fields: count
            return words.ngettext("The one answer is good.", "All {count} answers are good.", n=value.n, count=count)
        # Fields: bad, count
        return words.ngettext(
            "The one answer is not good.", "{bad} of {count} answers are not good.", n=value.n, bad=bad, count=count
        )

    # lists of their own

    @cached_property
    def process(self) -> ListSection:
        """The review of the process."""
        return process.build_process_section(self._scene)

    @cached_property
    def quality(self) -> ListSection:
        """What the data lack, and questions to look at."""
        return quality.build_quality_section(self._scene)

    # the end

    @cached_property
    def footer(self) -> Footnotes:
        return build_footnotes(self.measures, self._scene)


def _sort_key(number: MetricView) -> int:
    """The measures that everybody gets come first, as in mails."""
    return MEASURES.index(number.id) if number.id in MEASURES else len(MEASURES)


def _meant(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, 1, 0.5)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(sorted(known))}"
