"""Survey questions: which dimension each asks about, and which ones nobody has given any.

A helpdesk's only or main question is `overall`. Another belongs where `[csat.dimensions]` puts it, by its id, its alias
or its text, "source:" before it or not; one that is called like a known dimension belongs there by itself. What is left
is a dimension of its own, and named in reports, so that somebody decides.
"""

from collections.abc import Iterator

import msgspec

from helpdesk_kpi.config import Config
from helpdesk_kpi.model import MAIN
from helpdesk_kpi.store import Store

KNOWN = (MAIN, "expertise", "attitude")


class SurveyQuestion(msgspec.Struct, frozen=True):
    """One that customers answered."""

    source: str
    id: str  # as the helpdesk or its connector calls it
    text: str  # "" where the helpdesk does not tell it
    answers: int

    @property
    def label(self) -> str:
        """ "acme: 36001 (Was the agent kind?)"."""
        return f"{self.source}: {self.id}" + (f" ({self.text})" if self.text else "")


def load_survey_dimensions(store: Store, config: Config, source: int, name: str) -> dict[str, str]:
    """The dimension of each question of a source, by its id in lower case; also by whatever else the configuration
    calls one, as far as it is not meant for another source.
    """
    given = {key.strip().casefold(): dimension for key, dimension in config.csat.dimensions.items()}
    of_all = {known: known for known in KNOWN} | given
    own = f"{name}:".casefold()
    of_this = {key.removeprefix(own): dimension for key, dimension in given.items() if key.startswith(own)}
    found = of_all | of_this
    for native, text, alias in store.rows(
        "SELECT native, name, detail FROM names WHERE source = ? AND kind = 'question'", source
    ):
        marks = [mark.strip().casefold() for mark in (native, alias, text) if mark]
        said = [table[mark] for table in (of_this, of_all) for mark in marks if mark in table]
        if said:
            found[native.casefold()] = said[0]
    return found


def find_unmapped_questions(store: Store, config: Config, start: int = 0, end: int = 1 << 62) -> list[SurveyQuestion]:
    """The questions that were answered in [start, end) and have no dimension, most answers first."""
    mapped = {
        source: load_survey_dimensions(store, config, source, name)
        for source, name in store.rows("SELECT id, name FROM sources")
    }
    return [
        SurveyQuestion(name, native, text or "", answers)
        for source, name, native, text, answers in _answered(store, start, end)
        if native.casefold() not in mapped[source]
    ]


def find_unused_mappings(store: Store, config: Config) -> Iterator[str]:
    """Keys of `[csat.dimensions]` that name no question which was ever asked; none as long as none was."""
    questions: set[str] = set()
    for source, native, text, alias in store.rows(
        "SELECT DISTINCT s.name, r.question, n.name, n.detail FROM ratings r JOIN sources s ON s.id = r.source"
        " LEFT JOIN names n ON n.source = r.source AND n.kind = 'question' AND n.native = r.question"
        " WHERE r.question != ''"
    ):
        for mark in filter(None, (native, text, alias)):
            questions |= {mark.strip().casefold(), f"{source}:{mark.strip()}".casefold()}
    if questions:
        yield from (key for key in config.csat.dimensions if key.strip().casefold() not in questions)


def _answered(store: Store, start: int, end: int) -> list[tuple[int, str, str, str | None, int]]:
    return store.rows(
        "SELECT r.source, s.name, r.question, n.name, count(*) FROM ratings r JOIN sources s ON s.id = r.source"
        " LEFT JOIN names n ON n.source = r.source AND n.kind = 'question' AND n.native = r.question"
        " WHERE r.question != '' AND r.origin = 'customer' AND r.answered_at >= ? AND r.answered_at < ?"
        " GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 2, 3",
        start,
        end,
    )
