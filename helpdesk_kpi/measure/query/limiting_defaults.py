"""Defaults that can void a KPI without an error: how many tickets or replies hang on each, and the line to write.

Said wherever the KPIs are: by `check`, by `doctor`, under the figure and at the end of a report.
"""

from collections.abc import Iterator
from typing import NamedTuple

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.source_rules import IS_TEAM_MEMBER_SQL, SourceRules, desks_by_name
from helpdesk_kpi.identities.vocabulary import MESSAGING, VOICE
from helpdesk_kpi.measure.metrics.contract import Kpi
from helpdesk_kpi.store import Store

LEAST = 0.05  # the part of the replies through the API from which on they can move a figure
JIRA = "jira_service_management"
#: code -> what it means, after the count.
TEXTS = {
    "api_comments": "replies came through the API in agents' names and count as a bot's; if people wrote them, write "
    "{detail}",
    "no_chats": "messaging tickets have no chat data: their replies are not known",
    "no_chats_switched_off": "messaging tickets have no chat data, which is switched off: their replies are not known;"
    " write {detail}",
    "no_calls": "phone tickets have no call data: their first replies are not known",
    "no_calls_switched_off": "phone tickets have no call data, which is switched off: their first replies are not"
    " known; write {detail}",
    "no_agents": "tickets have no known agent: no reply of theirs counts; name the team, write {detail}",
    "guessed_agents": "accounts are taken for the team only because tickets were given to them; name the team,"
    " write {detail}",
}
#: What KPIs read of which each default decides.
_NEEDS = {
    "api_comments": {"comments.public"}, "no_chats": {"comments.public"}, "no_calls": {"comments.public"},
    "no_agents": {"comments.public", "comments.private"}, "guessed_agents": {"comments.public", "comments.private"},
}  # fmt: skip


class Default(NamedTuple):
    """A default, and what hangs on it."""

    source: str
    code: str  # of TEXTS
    how_many: int
    line: str = ""  # what the configuration could say; "": no setting changes it
    table: str = ""  # where that line belongs

    @property
    def detail(self) -> str:
        """The line, with its table."""
        return f"[{self.table}] {self.line}" if self.line else ""

    @property
    def template(self) -> str:
        """In English, after the count, with the field {detail}; translated under the context "gap"."""
        return TEXTS[self.code]

    @property
    def text(self) -> str:
        """In English, after the count."""
        return self.template.format(detail=self.detail).strip()

    def concerns(self, kpi: Kpi) -> bool:
        """Whether the KPI can be void because of it."""
        return kpi.subject == "ticket" and not kpi.needs.isdisjoint(_NEEDS[self.code.removesuffix("_switched_off")])


def defaults(store: Store, config: Config) -> list[Default]:
    """Those on which something hangs, source by source."""
    return [
        one
        for name, desk in desks_by_name(store, config).items()
        if name in config.sources
        for one in (*_api(store, desk, name), *_talks(store, config, desk, name), *_agents(store, config, desk, name))
    ]


def _api(store: Store, desk: SourceRules, name: str) -> Iterator[Default]:
    """Replies of people's accounts through the API."""
    if desk.rules.api_comments != "bot":
        return
    robots = desk.bots | desk.intake
    replies = through_api = 0
    for person, reported, api in store.rows(_REPLIES, desk.source):
        if person not in robots:
            replies, through_api = replies + reported, through_api + api
    if through_api and through_api >= LEAST * replies:
        yield Default(name, "api_comments", through_api, 'api_comments = "agent"', "tickets")


_REPLIES = (
    "SELECT p.id, count(*), sum(e.via IS 'api') FROM people p JOIN events e ON e.actor = p.id"
    " JOIN tickets t ON t.id = e.ticket WHERE p.source = ? AND p.kind = 'agent' AND e.kind = 'comment' AND e.public"
    " AND e.rule IS NULL AND e.at > t.created_at AND t.requester IS NOT p.id GROUP BY p.id"
)


#: As `Timeline.lacks_contact`: a channel's name alone tells little, and where people of the team replied in comments,
#: the words are there.
_NO_REPLY = (
    "(is_messaging IS NOT NULL OR NOT EXISTS (SELECT 1 FROM events e JOIN people p ON p.id = e.actor"
    " WHERE e.ticket = tickets.id AND e.kind = 'comment' AND e.public AND e.at > tickets.created_at"
    " AND e.rule IS NULL AND p.kind = 'agent'))"
)


def _talks(store: Store, config: Config, desk: SourceRules, name: str) -> Iterator[Default]:
    """Tickets of which the words are in calls or chats that are not read."""
    sql = "SELECT count(*) FROM tickets WHERE source = ? AND created_at IS NOT NULL AND deleted_at IS NULL AND ({})"
    among = "channel IN (SELECT value FROM json_each(?))"
    for lacking, code, key, condition, words in (
        ("chats", "no_chats", "messaging", f"is_messaging OR ({among} AND {_NO_REPLY})", MESSAGING),
        ("calls", "no_calls", "voice", among, VOICE),
    ):
        count = (
            store.one(sql.format(condition), desk.source, sorted(words)) if lacking in desk.missing_capabilities else 0
        )
        if count and config.sources[name].get(key) is False:
            yield Default(name, f"{code}_switched_off", count, f"{key} = true", f"sources.{name}")
        elif count:
            yield Default(name, code, count)


def _agents(store: Store, config: Config, desk: SourceRules, name: str) -> Iterator[Default]:
    """Sources of which nobody is known to be of the team by role or configuration."""
    if config.sources[name].get("agents"):
        return
    of_team = f"FROM people p WHERE p.source = ? AND {IS_TEAM_MEMBER_SQL} AND p.kind IS NOT NULL AND p.kind != 'bot'"
    known = {key for (key,) in store.rows(f"SELECT p.id {of_team}", desk.source)} - desk.bots - desk.intake
    worked = {key for key in known if desk.person(key).has_worked}
    line = 'agents = ["account id", "group:ID"]' if config.sources[name].get("connector") == JIRA else ""
    if line and worked and worked == known:
        yield Default(name, "guessed_agents", len(worked), line, f"sources.{name}")
    answered = "SELECT count(DISTINCT t.id) FROM tickets t WHERE t.source = ? AND t.created_at IS NOT NULL"
    if not known and (count := store.one(answered, desk.source)):
        yield Default(name, "no_agents", count, line, f"sources.{name}" if line else "")
