"""What an examination of the store finds, for a report and for `doctor`."""

from collections.abc import Iterator, Sequence

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.identities.unmapped_values import find_unmapped_values
from helpdesk_kpi.measure.quality.gaps import DataGap, find_data_gaps
from helpdesk_kpi.measure.quality.outbound_evidence import outbound
from helpdesk_kpi.measure.quality.outlier_questions import (
    OutlierPerson,
    OutlierQuestion,
    find_outliers,
    share_solved_at_end,
)
from helpdesk_kpi.measure.quality.priority_inversions import find_priority_inversions
from helpdesk_kpi.measure.quality.rating_reciprocity import measure_reciprocity
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.report.result_types import DataQuality, PersonShare, Question
from helpdesk_kpi.store import Store

SHOWN = 20  # tickets or articles of one person and question, the newest


def load_data_quality(
    reader: MetricStore, period: Period, as_of: int, team: str | None = None, *, looked_at: int | None = None
) -> DataQuality:
    """Gaps are those of the whole store, at `looked_at` or as the last sync left it; questions are of the period."""
    store = reader.store
    looked_at = looked_at or store.one("SELECT max(ran_at) FROM cursors") or as_of
    return DataQuality(
        gaps=(*find_data_gaps(store, reader.config, looked_at), *_outbound(reader)),
        unmapped=tuple(find_unmapped_values(store, reader.config)),
        questions=tuple(_question(store, doubt) for doubt in find_outliers(reader, period, as_of, team)),
        overtaken=tuple(find_priority_inversions(reader, period, as_of, team)),
        late=share_solved_at_end(reader, period, as_of, team),
        returned=measure_reciprocity(reader, period, as_of, team),
    )


def _outbound(reader: MetricStore) -> Iterator[DataGap]:
    """How many tickets are left out since the team wrote first, and whose words those were."""
    for source, count, names in outbound(reader):
        shown = names if reader.config.privacy == "full" else "-"
        yield DataGap(source, "outbound", count, is_bad=False, code="left_out_outbound", detail=shown)


def filter_team(found: DataQuality) -> dict[str, dict[str, float | None] | None]:
    """What is asked about a team and nobody in it, as plain values; None: it is no more than usual."""
    return {
        "solved_at_the_end": _plain(("solves", "of", "usual_share_up_to"), found.late),
        "rated_in_return": _plain(("pairs", "r", "usual_r_up_to"), found.returned),
    }


def _plain(names: Sequence[str], found: Sequence[float | None] | None) -> dict[str, float | None] | None:
    return None if found is None else dict(zip(names, found, strict=True))


def _question(store: Store, doubt: OutlierQuestion) -> Question:
    people = tuple(_person_share(store, person) for person in doubt.people)
    return Question(kpi=doubt.kpi, n=doubt.n, share=doubt.share, people=people)


def _person_share(store: Store, person: OutlierPerson) -> PersonShare:
    tickets = _find_links(store, "SELECT id, number, coalesce(url, '') FROM tickets", person.tickets)
    articles = _find_links(
        store, "SELECT id, coalesce(title, native), coalesce(url, '') FROM articles", person.articles
    )
    return PersonShare(
        agent=person.agent, share=person.share, n=person.n, others=person.others, tickets=tickets, articles=articles
    )


def _find_links(store: Store, select: str, keys: Sequence[int]) -> tuple[tuple[str, str], ...]:
    shown = list(dict.fromkeys(keys))[:SHOWN]
    rows = store.rows(f"{select} WHERE id IN (SELECT value FROM json_each(?))", shown)
    known = {key: (name, url) for key, name, url in rows}
    return tuple(known[key] for key in shown if key in known)
