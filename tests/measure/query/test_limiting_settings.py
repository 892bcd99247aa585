"""Settings by which a KPI may be void are named wherever the KPI is, with a count and the line to write."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from metric_store_fixtures import HOUR, MONDAY, Source, agent, customer, reader, reply, ticket

from helpdesk_kpi.calendar.periods import parse_period
from helpdesk_kpi.cli.checks.team import intake_findings, setting_findings, team_findings
from helpdesk_kpi.config import Config, LoadedConfig, Tickets
from helpdesk_kpi.config import ReportConfig as Wanted
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.explain.explain import explain_metric, format_explanation
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.measure.quality.conflicts import ending_elsewhere, strange_channels, unread
from helpdesk_kpi.measure.quality.gaps import find_data_gaps
from helpdesk_kpi.measure.quality.outbound_evidence import intake, outbound
from helpdesk_kpi.measure.query.limiting_defaults import defaults
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.model import Event, Person, Unread
from helpdesk_kpi.report.prepare import prepare_report
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.write_page import find_tickets_without_comments

NINE = MONDAY + 9 * HOUR
PERIOD = parse_period("2026-W47", "Europe/Berlin", MONDAY)
API = 'write [tickets] api_comments = "agent"'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        Source(opened).put(agent("a", "Ann"), customer("c", "c@x.org"))
        yield opened


def through_the_api(number: str) -> Event:
    return Event(number, f"{number}-api", NINE + HOUR, 1, "comment", actor="a", via="api", public=True, length=100)


def config(**more: Any) -> Config:
    reported: dict[str, Any] = {"timezone": "Europe/Berlin", "sources": {"acme": {"connector": "zendesk"}}, **more}
    return Config(**reported)


def codes(store: Store, of: Config) -> list[tuple[str, int, str]]:
    return [(one.code, one.how_many, one.detail) for one in defaults(store, of)]


# --- in all places


def put_replies(store: Store, through: int, usual: int) -> None:
    source = Source(store)
    for n in range(through + usual):
        said = through_the_api(str(n)) if n < through else reply(str(n), NINE + HOUR, "a")
        source.put(ticket(str(n), NINE), said)
    with store.transaction() as conn:  # a report wants a source that a sync has read
        conn.execute("INSERT INTO syncs (source, stream, started, ended, outcome, requests, records)"
                     " VALUES (?, 'all', 0, 0, 'ok', 1, 1)", (source.key,))  # fmt: skip


@pytest.mark.parametrize(
    ("locale", "says"),
    [("en", f"acme: 3 replies came through the API in agents' names and count as a bot's; if people wrote them, {API}"
      ),
     ("zh", ("acme：3 条回复由支持人员账号经 API 写入，按机器人计；如确为人工所写，"
             '请设置 [tickets] api_comments = "agent"'))],
)  # fmt: skip
def test_replies_through_the_api_are_identified_under_the_figure_and_at_the_end(
    store: Store, tmp_path: Path, locale: str, says: str
) -> None:
    put_replies(store, 3, 1)
    of = config(reports={"weekly": Wanted(template="weekly_digest", locale=locale)})
    build_stale(store, of)
    loaded = LoadedConfig(of, tmp_path / "helpdesk-kpi.toml", "")
    (made,) = prepare_report(store, loaded, "weekly", period=PERIOD, as_of=PERIOD.end + HOUR)
    text, page = (" ".join(str(part).split()) for part in (made.rendered.text, made.rendered.page))
    assert says in text
    assert page.replace("&#34;", '"').replace("&quot;", '"').replace("&#39;", "'").count(says) >= 2  # a figure, the end


def test_check_doctor_and_explain_say_the_same(store: Store) -> None:
    put_replies(store, 3, 1)
    of = reader(store)
    [found] = setting_findings(store, of.config)
    assert found.text.endswith(API)
    assert (found.level, found.about) == ("warning", "tickets")
    assert [(g.how_many, g.is_bad) for g in find_data_gaps(store, of.config, MONDAY) if API in g.text] == [(3, True)]
    opened = explain_metric(store, of.config, build_query("first_reply_time", PERIOD, PERIOD.end))
    assert f"! acme: 3 {defaults(store, of.config)[0].text}" in format_explanation(opened)
    related = explain_metric(store, of.config, build_query("solved_tickets", PERIOD, PERIOD.end))
    assert "settings_to_check" not in related  # a solve needs no reply


# --- each of them


def test_what_can_move_no_figure_is_not_identified(store: Store) -> None:
    put_replies(store, 1, 30)
    assert codes(store, config()) == []


@pytest.mark.parametrize("rules", [{"api_comments": "agent"}, {"bots": ["acme:a"]}, {"intake": ["acme:a"]}])
def test_what_the_configuration_decides_is_not_identified(store: Store, rules: dict[str, Any]) -> None:
    put_replies(store, 3, 1)
    assert [c for c in codes(store, config(tickets=Tickets(**rules))) if c[0] == "api_comments"] == []


def test_conversations_without_data_are_identified_with_the_setting_where_one_helps(store: Store) -> None:
    with store.transaction() as conn:
        conn.execute('UPDATE cursors SET gives = \'["tickets","comments.public"]\'')
    Source(store).put(
        ticket("1", NINE, channel="web", is_messaging=True), ticket("2", NINE, channel="whatsapp"),
        ticket("3", NINE, channel="voice"), ticket("4", NINE, channel="email"),
    )  # fmt: skip
    assert codes(store, config()) == [("no_chats", 2, ""), ("no_calls", 1, "")]
    off = config(sources={"acme": {"connector": "zendesk", "messaging": False, "voice": False}})
    assert codes(store, off) == [
        ("no_chats_switched_off", 2, "[sources.acme] messaging = true"),
        ("no_calls_switched_off", 1, "[sources.acme] voice = true"),
    ]
    concerned = {kpi.id for kpi in find_kpis().values() if defaults(store, off)[0].concerns(kpi)}
    assert {"first_reply_time", "one_touch", "first_contact_resolution"} <= concerned
    assert not {"solved_tickets", "backlog", "csat"} & concerned


def test_a_team_that_nobody_identified_is_identified(tmp_path: Path) -> None:
    jira = config(sources={"desk": {"connector": "jira_service_management"}})
    line = '[sources.desk] agents = ["account id", "group:ID"]'
    with open_store(tmp_path / "b.db") as store:
        Source(store, "desk").put(Person("m", "member", "atlassian", 0), ticket("1", NINE), reply("1", NINE, "m"))
        build_stale(store, jira)
        assert codes(store, jira) == [("no_agents", 1, line)]
        taken = Event("1", "t", NINE, 1, "change", actor="m", field="assignee", before=None, after="m")
        Source(store, "desk").put(taken)
        build_stale(store, jira)
        assert codes(store, jira) == [("guessed_agents", 1, line)]
        by_name = config(sources={"desk": {"connector": "jira_service_management", "agents": ["m"]}})
        assert codes(store, by_name) == []


# --- who is of the team


def test_check_says_how_many_are_taken_for_the_team_and_why(store: Store) -> None:
    Source(store).put(
        Person("r", "bot", "app", 1, name="Router"), agent("l", "Leo", 1), Person("l", "customer", "end-user", 5),
        Person("d", "customer", "end-user", MONDAY + 99 * HOUR), Person("n", "nobody", "unknown", 1),
        ticket("1", NINE, assignee="d"),
    )  # fmt: skip
    of = reader(store).config
    [line] = team_findings(store, of)
    assert line.text == (
        "acme: 4 accounts are taken for the team: 1 by their role, 1 as robots, 1 by a role that they had before,"
        " 1 by the tickets that were given to them; --people names them"
    )
    reported = [f.text for f in team_findings(store, of, people=True)][1:]
    assert "acme:d  name not known: by the tickets that were given to them" in reported
    assert "acme:a  Ann: by their role" in reported
    with pytest.raises(UsageError, match="names nobody"):
        list(team_findings(store, config(privacy="pseudonymous"), people=True))


# --- accounts that bring requests in


def put_form(store: Store, *, own: int = 0) -> None:
    Source(store).put(agent("f", "Form App"))
    for n in range(12):
        asks = "f" if n < own else "c"
        first = Event(f"f{n}", "0", NINE, 0, "comment", actor="f", via="api", public=True, length=100)
        Source(store).put(ticket(f"f{n}", NINE, submitter="f", requester=asks), first)


def test_check_proposes_accounts_that_only_bring_requests_in(store: Store) -> None:
    put_form(store)
    [found] = intake_findings(store, config())
    assert found.text == (
        "acme: 12 of 12 tickets of Form App have another requester, and it answers none; if it only brings requests in,"
        ' say intake = ["acme:f"]'
    )


@pytest.mark.parametrize("rules", [{"intake": ["Form App"]}, {"bots": ["acme:f"]}])
def test_what_is_configured_is_not_proposed(store: Store, rules: dict[str, Any]) -> None:
    put_form(store)
    assert list(intake(store, config(tickets=Tickets(**rules)))) == []


def test_a_name_that_matches_no_account_is_a_warning(store: Store) -> None:
    of = config(tickets=Tickets(intake=["Ann", "acme:a", "Form Ap"]))
    [found] = intake_findings(store, of)
    assert found.level == "warning"
    assert found.text.startswith("'Form Ap' matches no account")


def test_who_answers_or_asks_is_not_proposed(store: Store) -> None:
    put_form(store, own=2)
    assert list(intake(store, config())) == []
    put_form(store)
    Source(store).put(reply("f3", NINE + HOUR, "f"))
    assert list(intake(store, config())) == []


def test_what_is_left_out_as_outbound_is_reported_with_of_which_words_it_was(store: Store) -> None:
    for number in "12":
        first = Event(number, "0", NINE, 0, "comment", actor="a", via="web", public=True, length=100)
        Source(store).put(ticket(number, NINE, submitter="a"), first)
    Source(store).put(ticket("3", NINE, direction="outbound"), ticket("4", NINE))
    assert list(outbound(reader(store))) == [("acme", 3, "Ann (2), c (1)")]


# --- what contradicts itself, and what is new


def test_tickets_of_which_history_ends_elsewhere_are_counted(store: Store) -> None:
    def step(number: str, field: str, after: str, at: int = NINE) -> Event:
        return Event(
            number, f"{number}-{field}-{at}", at, 1, "change", actor="a", field=field, before=None, after=after
        )

    late: dict[str, Any] = {"updated_at": NINE + 9 * HOUR}
    rows = [
        (ticket("1", NINE, status="solved"), step("1", "status", "open")),
        (ticket("2", NINE, assignee="a"), step("2", "assignee", "b")),
        (ticket("3", NINE, status="closed"), step("3", "status", "solved")),  # both are an end
        (ticket("4", NINE, status="open"), step("4", "status", "open")),
        (ticket("5", NINE, status="open"), step("5", "status", "solved", NINE + 99 * HOUR)),  # newer than the row
    ]
    for made, change in rows:
        Source(store).put(agent("b", "Bob"), msgspec.structs.replace(made, **late), change)
    assert ending_elsewhere(store, config()) == {"acme": 2}
    assert [g.how_many for g in find_data_gaps(store, config(), MONDAY) if g.code == "ends_elsewhere"] == [2]


def test_parts_that_no_rule_reads_and_channels_that_are_new_are_counted_by_their_words(store: Store) -> None:
    Source(store).put(
        ticket("1", NINE, channel="hologram"), ticket("2", NINE, channel="email"),
        ticket("3", NINE, channel="telepathy", is_messaging=True),  # its flag says what it is
        Unread("1", "e1", "event", "HologramComment"), Unread("1", "e2", "event", "HologramComment"),
    )  # fmt: skip
    assert list(strange_channels(store)) == [("acme", 1, "hologram (1)")]
    assert list(unread(store)) == [("acme", 1, "event HologramComment (2)")]
    found = {g.code: g.text for g in find_data_gaps(store, config(), MONDAY)}
    assert found["unread"].endswith("event HologramComment (2)")
    assert found["strange_channels"].endswith("hologram (1)")


def test_tickets_without_a_first_message_are_counted(store: Store) -> None:
    Source(store).put(ticket("1", NINE), ticket("2", NINE))
    Source(store).put(ticket("3", NINE), words=False)
    assert [g.how_many for g in find_data_gaps(store, config(), MONDAY) if g.code == "no_words"] == [1]


MINUTE = 60_000


def said_at(number: str, minute: float, who: str, kind: str = "comment", **more: Any) -> Event:
    at = NINE + int(minute * MINUTE)
    return Event(number, f"{number}-{minute}", at, 1, kind, actor=who, public=True, length=100, **more)  # type: ignore[arg-type]  # comment or call


@pytest.mark.parametrize(
    ("event", "is_known"),
    [
        (said_at("1", 0, "c"), True),
        (said_at("1", 1, "c"), True),  # some helpdesks write it a moment after the ticket
        (said_at("1", 30, "c", "call"), True),
        (said_at("1", 1, "a"), False),  # an answer
        (said_at("1", 30, "c"), False),  # a second message: what they asked first is not known
        (said_at("1", 30, "a"), False),
    ],
    ids=["at once", "a moment later", "call", "answer at once", "second message", "answer"],
)
def test_whether_the_first_message_is_known_has_one_rule(store: Store, event: Event, is_known: bool) -> None:
    """The KPI, `doctor` and the stream that asks for lost words agree."""
    Source(store).put(ticket("1", NINE), event, words=False)
    rows = reader(store).columns("first_reply_time")
    [out] = {rows.words[int(code)] or "" for code in rows.stop}
    found = [g.how_many for g in find_data_gaps(store, config(), MONDAY) if g.code == "no_words"]
    lost = [one.key for one in find_tickets_without_comments(store, 1, 0, "any")]
    assert (out == "first_message_unknown", found, lost) == ((False, [], []) if is_known else (True, [1], ["1"]))


def test_a_conversation_of_which_words_are_elsewhere_lacks_chat_data_and_no_first_message(store: Store) -> None:
    with store.transaction() as conn:
        conn.execute('UPDATE cursors SET gives = \'["tickets","comments.public","status.history"]\'')
    Source(store).put(ticket("1", NINE, channel="chat", is_messaging=True), words=False)
    assert [g.code for g in find_data_gaps(store, config(), MONDAY) if g.code.startswith("no_")] == [
        "no_priority",
        "no_chats",
    ]


@pytest.mark.parametrize(("flag", "count"), [(None, 1), (True, 2), (False, 2)])
def test_a_channel_called_like_a_chat_of_which_replies_are_comments_has_its_data(
    store: Store, flag: Any, count: int
) -> None:
    """Ann has answered one of two in a comment: where nothing flags a conversation, her words are there."""
    with store.transaction() as conn:
        conn.execute('UPDATE cursors SET gives = \'["tickets","comments.public"]\'')
    Source(store).put(*(ticket(n, NINE, channel="whatsapp", is_messaging=flag) for n in "12"), said_at("1", 30, "a"))
    assert codes(store, config()) == [("no_chats", count, "")]
    rows = reader(store).columns("first_reply_time")
    assert int(rows.has_stop_reason({"no_chat_data"}).sum()) == count
