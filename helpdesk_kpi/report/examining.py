"""What an examination of the store finds, for a report and for `doctor`."""

from helpdesk_kpi.measure.doubts import Doubt, Person, doubts, solved_at_the_end
from helpdesk_kpi.measure.examined import gaps
from helpdesk_kpi.measure.periods import Period
from helpdesk_kpi.measure.priority_order import overtaken
from helpdesk_kpi.measure.reader import Reader
from helpdesk_kpi.measure.unmapped import unmapped
from helpdesk_kpi.report.figures import Asked, Examined, Question
from helpdesk_kpi.store import Store

TICKETS = 20  # of one person and question, the newest


def examined(
    reader: Reader, period: Period, as_of: int, team: str | None = None, *, looked_at: int | None = None
) -> Examined:
    """Gaps are those of the whole store, at `looked_at` or as the last sync left it; questions are of the period."""
    store = reader.store
    looked_at = looked_at or store.one("SELECT max(ran_at) FROM cursors") or as_of
    return Examined(
        gaps=tuple(gaps(store, looked_at)),
        unmapped=tuple(unmapped(store, reader.config)),
        questions=tuple(_question(store, doubt) for doubt in doubts(reader, period, as_of, team)),
        overtaken=tuple(overtaken(reader, period, as_of, team)),
        late=solved_at_the_end(reader, period, as_of, team),
    )


def late(found: Examined) -> dict[str, float | None] | None:
    """What of the solves fell into the last hours, as plain values; None: no more than usual."""
    return None if found.late is None else dict(zip(("solves", "of", "usual_share_up_to"), found.late, strict=True))


def _question(store: Store, doubt: Doubt) -> Question:
    people = tuple(_asked(store, person) for person in doubt.people)
    return Question(kpi=doubt.kpi, n=doubt.n, share=doubt.share, people=people)


def _asked(store: Store, person: Person) -> Asked:
    shown = list(dict.fromkeys(person.tickets))[:TICKETS]
    sql = "SELECT id, number, coalesce(url, '') FROM tickets WHERE id IN (SELECT value FROM json_each(?))"
    known = {key: (number, url) for key, number, url in store.rows(sql, shown)}
    tickets = tuple(known[key] for key in shown if key in known)
    return Asked(agent=person.agent, share=person.share, n=person.n, others=person.others, tickets=tickets)
