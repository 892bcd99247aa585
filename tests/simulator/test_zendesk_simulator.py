"""The connector against the simulated account: what arrives is what happened there, whatever goes wrong on the way."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest

from connectors.zendesk import Zendesk
from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping.events import map_events
from connectors.zendesk.settings import Credentials, Settings
from helpdesk_kpi.errors import AccessError, PullError, UnavailableError
from helpdesk_kpi.model import Article, Engagement, Event, Person, Rating, Ticket, TicketLink
from helpdesk_kpi.pull.contract import Finding, Start
from helpdesk_kpi.pull.token_file import TokenFile, Tokens
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.simulator.world.facts import Created
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.simulator.zendesk.app import app
from helpdesk_kpi.simulator.zendesk.auth import CODE

URL = "http://127.0.0.1:9"  # never reached: the application is called in this process
MINUTE, DAY = 60_000, 86_400_000


def made(locale: Any = "en", **more: Any) -> World:
    return generate(5, tickets=150, locale=locale, **more)


class Pulled(NamedTuple):
    records: list[Any]
    cursors: dict[str, str]
    failed: dict[str, PullError]
    http: Transport

    def of(self, kind: type[Any]) -> list[Any]:
        return [record for record in self.records if type(record) is kind]


class Wall:
    """Sleeping moves it, so that nothing waits."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def settings(world: World, *, token: bool = False, **more: Any) -> Settings:
    given = world.for_config()
    pair = ("email", "token") if token else ("client_id", "client_secret")
    auth = Credentials(**{name: given[name] for name in pair})
    return Settings(url=URL, auth=auth, sketch_key=b"key", keep_fields=("Category",), rate_share=1.0, **more)


def transport(world: World, chosen: Settings, faults: str | None) -> Transport:
    wall = Wall()
    served = httpx.ASGITransport(app(world, faults=faults, limits=False, clock=wall))
    http = Transport(URL, auth=chosen.auth.auth(), http=served, sleep=wall.sleep, clock=wall)
    http.wall = lambda: world.now / 1000
    return http


def pull(
    world: World,
    *,
    faults: str | None = None,
    cursors: dict[str, str] | None = None,
    only: Iterable[str] = (),
    **more: Any,
) -> Pulled:
    """Every stream once, as a sync would: an expected error ends its stream only."""
    chosen = settings(world, **more)

    async def run() -> Pulled:
        kept, failed = dict(cursors or {}), {}
        records: list[Any] = []
        async with transport(world, chosen, faults) as http:
            for stream in Zendesk(http, chosen).streams():
                if only and stream.name not in only:
                    continue
                start = Start(cursor=kept.get(stream.name), since=world.desk.start, now=world.now)
                try:
                    async for page in stream.pages(start):
                        assert not page.rejected
                        records += page.records
                        kept |= {stream.name: page.cursor} if page.cursor is not None else {}
                except PullError as error:
                    failed[stream.name] = error
        return Pulled(records, kept, failed, http)

    return asyncio.run(run())


def same(one: Pulled, other: Pulled) -> bool:
    """The same records, repeated or not, in whatever order."""
    encode = msgspec.json.encode
    return {(type(r), encode(r)) for r in one.records} == {(type(r), encode(r)) for r in other.records}


@pytest.fixture(scope="module")
def world() -> World:
    """Everything is there, the Time Tracking app too."""
    found = made()
    found.keeps_time = True
    return found


@pytest.fixture(scope="module")
def pulled(world: World) -> Pulled:
    found = pull(world)
    assert found.failed == {}
    return found


def list_stories(world: World) -> Iterable[Any]:
    """Stories that an export still tells: not scrubbed by now."""
    return (s for s in world.stories.values() if s.scrubbed_at is None or s.scrubbed_at > world.now)


# what arrives


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.trap("zendesk 4")
def test_every_comment_arrives_with_its_author_and_with_what_it_says(locale: str) -> None:
    world = made(locale)
    found: dict[str, list[Event]] = {}
    for e in pull(world, only=["ticket_events"]).of(Event):
        found.setdefault(e.ticket, []).extend([e] if e.kind == "comment" else [])
    compared = 0
    for story in list_stories(world):
        written = [s for s in story.saves if s.fact.comment and s.at <= world.now - MINUTE]
        arrived = sorted(found[str(story.ticket)], key=lambda e: (e.at, e.seq))
        assert [(s.at, s.fact.comment.public) for s in written] == [(e.at, e.public) for e in arrived]
        for save, event in zip(written, arrived, strict=True):
            fact, comment = save.fact, save.fact.comment
            author = fact.submitter or fact.requester if isinstance(fact, Created) else fact.actor
            assert event.actor == (None if author == -1 else str(author))
            if not comment.text:
                continue
            said = (event.is_thanks, event.is_question, (event.length or 0) < 80)
            assert said == (comment.is_thanks, comment.is_question, len(comment.text) < 80), comment.text
            assert event.articles == ((str(comment.article),) if comment.article else ())
            compared += 1
    assert compared > 300


def test_every_change_of_status_assignee_team_and_priority_arrives_in_order(world: World, pulled: Pulled) -> None:
    for field in ("status", "assignee", "team", "priority"):
        found: dict[str, list[str | None]] = {}
        for e in sorted(pulled.of(Event), key=lambda e: (e.at, e.seq)):
            made_so = e.after is None and e.at == world.stories[int(e.ticket)].created.at  # writes its nulls, too
            if e.field == field and not made_so:
                found.setdefault(e.ticket, []).append(e.after)
        for story in list_stories(world):
            saves = [s for s in story.saves if s.at <= world.now - MINUTE]
            changes = [s.changes[field] for s in saves if field in s.changes]
            happened = [None if after is None else str(after) for after in changes]
            assert found.get(str(story.ticket), []) == happened, (story.ticket, field)


@pytest.mark.trap("zendesk 21", "zendesk 29", "zendesk 31")
def test_tickets_arrive_with_deletions_merges_follow_ups_and_those_of_ai_agents(world: World, pulled: Pulled) -> None:
    tickets = {t.id: t for t in pulled.of(Ticket)}
    stories = {str(n): s for n, s in world.stories.items()}
    assert tickets.keys() == stories.keys()
    for number, story in stories.items():
        found, created = tickets[number], story.created
        assert (found.created_at, found.requester) == (created.at, str(created.requester))
        assert found.deleted_at == story.deleted_at or found.is_scrubbed
        assert found.is_scrubbed == (story.scrubbed_at is not None and story.scrubbed_at <= world.now)
        if not found.is_scrubbed:
            assert (found.merged_into is not None) == (story.merged_at is not None)
            assert found.fields.get("Category") == story.state(world.now)["category"]
    links = {(link.ticket, link.other) for link in pulled.of(TicketLink) if link.kind == "follow_up"}
    assert links == {(n, str(s.created.follow_up_of)) for n, s in stories.items() if s.created.follow_up_of}
    assert any(story.created.ai_agent for story in stories.values())
    assert any(t.is_scrubbed for t in tickets.values())


def test_merges_are_linked_once_and_dated(world: World, pulled: Pulled) -> None:
    merged = {
        (str(s.fact.ticket), str(s.fact.merged_into)): s.at
        for story in list_stories(world)
        for s in story.saves
        if getattr(s.fact, "merged_into", None)
    }
    assert merged
    assert {(k.ticket, k.other) for k in pulled.of(TicketLink) if k.kind == "merge"} == merged.keys()
    dated = {(e.ticket, e.after): e.at for e in pulled.of(Event) if e.kind == "link" and e.field == "merge"}
    assert dated == merged


@pytest.mark.trap("zendesk 24")
def test_calls_and_chats_arrive_as_contacts_when_a_person_answered(world: World, pulled: Pulled) -> None:
    stories = world.stories.values()
    answered = {(str(c.ticket), c.answered_at) for s in stories for c in s.calls if c.ended_at <= world.now}
    answered |= {(str(c.ticket), c.replied_at) for s in stories for c in s.chats if c.ended_at <= world.now}
    assert {(e.ticket, e.answered_at) for e in pulled.of(Engagement)} == answered
    contacts = {(e.ticket, e.at) for e in pulled.of(Event) if e.kind in {"call", "chat"}}
    assert contacts == {(ticket, at) for ticket, at in answered if at is not None}
    assert len(contacts) < len(answered)


@pytest.mark.trap("zendesk 26")
def test_ratings_of_both_kinds_arrive_with_their_last_answer(world: World, pulled: Pulled) -> None:
    main = {(r.ticket, r.offered_at): r for r in pulled.of(Rating) if r.question == ""}
    offered = [(o, s) for s in world.stories.values() for o in s.offered if o.at <= world.now]
    assert {(str(o.ticket), o.at) for o, _ in offered} == main.keys()
    assert {o.new for o, _ in offered} == {True, False}
    for offer, story in offered:
        given = [a for a in story.answered if a.survey == offer.survey and a.at <= world.now]
        rating = main[str(offer.ticket), offer.at]
        assert (rating.answered_at is not None) == bool(given)
        if given:
            score = given[-1].ratings["overall"]
            assert rating.category == ("good" if score > 3 else "neutral" if score == 3 else "bad")


def test_people_are_of_the_role_that_they_have_now(world: World, pulled: Pulled) -> None:
    people = {p.id: p.kind for p in pulled.of(Person)}
    kinds = {"customer": "customer", "agent": "agent", "admin": "agent", "light_agent": "light_agent"}
    for account in world.accounts.values():
        if account.created_at <= world.now - MINUTE:
            assert people[str(account.id)] == kinds[account.role_at(world.now)]
    assert {"customer", "agent", "light_agent"} == set(people.values())


def test_audits_of_single_tickets_name_the_same_events_as_the_export(world: World, pulled: Pulled) -> None:
    exported: dict[str, set[str]] = {}
    for e in pulled.of(Event):
        if e.kind not in {"call", "chat"}:
            exported.setdefault(e.ticket, set()).add(e.id)
    story = next(s for s in list_stories(world) if s.deleted_at is None and len(s.saves) > 4)
    field = next(int(e.id.partition(":")[2]) for e in pulled.of(Event) if e.field == "Category")

    async def audits() -> list[Any]:
        chosen = settings(world)
        async with transport(world, chosen, None) as http:
            path = f"/api/v2/tickets/{story.ticket}/audits"
            rows = (await http.get(path, type=dict[str, Any]))["audits"]
        return [
            r for row in rows for r in map_events(msgspec.convert(row, zd.Audit).as_event(), {field: "Category"}, ())
        ]

    assert {e.id for e in asyncio.run(audits()) if isinstance(e, Event)} == exported[str(story.ticket)]


# again, in pieces, and while something goes wrong


@pytest.mark.trap("zendesk 14")
def test_no_request_is_for_a_single_ticket(world: World, pulled: Pulled) -> None:
    assert not {name for name in pulled.http.requests if name.startswith("tickets/")}
    assert pulled.http.requests["incremental/ticket_events"] < len(world.stories) / 20


@pytest.mark.trap("zendesk 2", "zendesk 25")
def test_a_second_run_brings_only_what_is_known_and_keeps_the_cursors(world: World, pulled: Pulled) -> None:
    again = pull(world, cursors=pulled.cursors)
    known = {(type(r), msgspec.json.encode(r)) for r in pulled.records if type(r) is not Article}  # editors are new
    assert {(type(r), msgspec.json.encode(r)) for r in again.records if type(r) is not Article} <= known
    assert again.cursors == pulled.cursors
    assert not again.of(Ticket)


def test_small_pages_bring_the_same(world: World, pulled: Pulled) -> None:
    assert same(pull(world, page_size=17), pulled)


@pytest.mark.trap("zendesk 7", "zendesk 16")
def test_every_tenth_request_failing_changes_nothing(world: World, pulled: Pulled) -> None:
    shaken = pull(world, faults="every:5", page_size=40)
    assert shaken.failed == {}
    assert shaken.http.waited > 60  # a 429 that doesn't say how long among them
    assert same(shaken, pulled)


@pytest.mark.trap("zendesk 7")
def test_the_rate_limits_are_kept_so_that_nothing_is_refused(world: World, pulled: Pulled) -> None:
    statuses: list[int] = []
    wall = Wall()
    chosen = msgspec.structs.replace(settings(world, page_size=40), rate_share=0.5)

    class Watched(httpx.ASGITransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await super().handle_async_request(request)
            statuses.append(response.status_code)
            return response

    async def run() -> int:
        served = Watched(app(world, limits=True, clock=wall))
        async with Transport(
            URL, auth=chosen.auth.auth(), rate_share=0.5, http=served, sleep=wall.sleep, clock=wall
        ) as http:
            streams = [s for s in Zendesk(http, chosen).streams() if s.name in {"tickets", "ticket_events"}]
            start = Start(cursor=None, since=world.desk.start, now=world.now)
            for stream in streams:
                async for _ in stream.pages(start):
                    pass
            return http.requests["incremental/tickets"] + http.requests["incremental/ticket_events"]

    exports = asyncio.run(run())
    assert 429 not in statuses
    # Zendesk gives 10 exports a minute, of which 5 are ours: n requests take at least (n - 1) // 5 minutes.
    assert exports > 20
    assert wall.now - 1_790_000_000 >= (exports - 1) // 5 * 50
    assert wall.now - 1_790_000_000 <= (exports + 4) // 5 * 61
    assert pulled.http.waited == 0


@pytest.mark.trap("zendesk 32")
def test_next_pages_on_another_host_are_not_requested(world: World, pulled: Pulled) -> None:
    assert same(pull(world, faults="wrong-host", page_size=40), pulled)


@pytest.mark.trap("zendesk 18")
def test_tokens_that_end_early_are_renewed(world: World, pulled: Pulled) -> None:
    renewed = pull(world, faults="expire:3")
    assert renewed.http.requests["/oauth/tokens"] > 5
    assert same(renewed, pulled)


@pytest.mark.trap("zendesk 1")
def test_tickets_that_change_while_they_are_paged_end_in_their_last_state() -> None:
    moving, still = made(), made()
    moving.now = still.now - 6 * DAY
    cursors: dict[str, str] = {}
    records: list[Any] = []
    while moving.now < still.now:  # each page moves the desk on by seven hours
        step = pull(moving, faults="move:7h", cursors=cursors, page_size=40, only=["tickets", "ticket_events"])
        records, cursors = records + step.records, step.cursors
    moving.now = still.now
    last = pull(moving, cursors=cursors, only=["tickets", "ticket_events"])
    records += last.records
    whole = pull(still, only=["tickets", "ticket_events"])
    assert newest(records) == newest(whole.records)
    assert {e.id for e in whole.of(Event)} <= {r.id for r in records if isinstance(r, Event)}


def newest(records: list[Any]) -> dict[str, Ticket]:
    """By id the ticket of the highest version, the later one where it repeats."""
    found: dict[str, Ticket] = {}
    for record in records:
        if isinstance(record, Ticket) and (record.id not in found or record.version >= found[record.id].version):
            found[record.id] = record
    return found


@pytest.mark.trap("zendesk 17")
def test_a_forbidden_stream_is_unavailable_and_the_others_arrive(world: World, pulled: Pulled) -> None:
    part = pull(world, faults="forbid:satisfaction_ratings missing:sla_policies")
    assert part.failed.keys() == {"satisfaction_ratings", "sla_policies"}
    assert all(isinstance(error, UnavailableError) for error in part.failed.values())
    assert len(part.of(Event)) == len(pulled.of(Event))
    assert part.of(Rating)  # of the newer kind


def test_refused_credentials_are_an_access_error_without_the_secret(world: World) -> None:
    refused = pull(world, faults="refuse", only=["tickets"])
    assert isinstance(refused.failed["tickets"], AccessError)
    assert str(world.for_config()["client_secret"]) not in str(refused.failed["tickets"])


def test_an_empty_account_is_no_error() -> None:
    found = pull(made(empty=True))
    assert found.failed == {}
    assert not found.of(Ticket)


# check


def checked(world: World, *, faults: str | None = None, **more: Any) -> list[Finding]:
    chosen = settings(world, **more)

    async def run() -> list[Finding]:
        async with transport(world, chosen, faults) as http:
            return list(await Zendesk(http, chosen).check())

    return asyncio.run(run())


def test_check_finds_nothing_to_complain_of_on_a_whole_account(world: World) -> None:
    found = checked(world)
    assert [f for f in found if f.level != "ok"] == []
    assert {"credentials", "rights", "tickets", "articles"} <= {f.about for f in found}


def test_check_says_where_time_is_kept_and_when_no_app_keeps_it(world: World) -> None:
    [kept] = [f for f in checked(world) if f.about == "time"]
    assert (kept.level, kept.need) == ("ok", None)
    [lacking] = [f for f in checked(made()) if f.about == "time"]
    assert (lacking.level, lacking.need, lacking.provides and lacking.provides.answer) == ("note", "time.entries", "no")
    assert "no ticket field is titled 'Total time spent (sec)'" in lacking.text


def test_check_tells_way_zone_and_how_long_a_first_sync_takes(world: World) -> None:
    said = {f.about: f.text for f in checked(world)}
    assert "Zendesk's exports" in said["transport"]
    assert said["time zone"].endswith("Europe/Berlin")
    # Without limits the API announces 100,000 exports a minute. 150 tickets are a page, their 1,800 updates two, and so
    # are their metric events; 50 customers, 12 of the team and the senders of spam are one.
    tickets = sum(story.deleted_at is None for story in world.stories.values())
    wanted = f"{tickets} tickets and {len(world.accounts)} people take about 6 requests and a minute"
    assert said["first sync"].startswith(wanted)


def test_check_says_when_lists_have_to_be_read(world: World) -> None:
    found = checked(world, faults="forbid:incremental")
    [transport] = [f for f in found if f.about == "transport"]
    assert transport.level == "warning"
    assert "read by lists" in transport.text
    assert [f.need for f in found if f.need] == []  # everything comes, by the other way
    assert {"archived tickets", "deleted tickets"} <= {f.about for f in found}


def test_check_names_what_fails_where_neither_way_is_open(world: World) -> None:
    found = checked(world, faults="forbid:incremental forbid:tickets_list")
    assert {f.need for f in found if f.need} == {
        "tickets", "comments.public", "comments.private", "status.history", "assignee.history", "priority.history",
        "roles", "sla.events",
    }  # fmt: skip


@pytest.mark.parametrize(("days", "level"), [(13, "warning"), (60, "ok")])
def test_check_warns_of_a_pair_of_tokens_that_ends_soon(world: World, tmp_path: Path, days: int, level: str) -> None:
    file = tmp_path / "tokens.json"
    given = world.for_config()
    auth = Credentials(client_id=given["client_id"], client_secret=given["client_secret"], tokens=str(file))
    chosen = msgspec.structs.replace(settings(world), auth=auth)
    TokenFile(file).write(Tokens(code=CODE))

    async def run() -> list[Finding]:
        async with transport(world, chosen, None) as http:
            await http.get("/api/v2/users/me", type=dict)
            held = TokenFile(file).read()
            ends = http.wall() + days * 86_400 + 60
            TokenFile(file).write(msgspec.structs.replace(held, refresh_expires_at=ends))
            return list(await Zendesk(http, chosen).check())

    [finding] = [f for f in asyncio.run(run()) if f.about == "credentials" and "expire on" in f.text]
    assert finding.level == level
    assert f"({days} days)" in finding.text


def test_check_names_what_the_plan_lacks_and_what_fails_with_it(world: World) -> None:
    found = checked(world, faults="forbid:schedules forbid:satisfaction_ratings forbid:survey_responses forbid:calls")
    gaps = {f.need: f.provides.answer for f in found if f.need and f.provides}
    assert gaps == dict.fromkeys(["schedules", "survey.dimensions", "calls", "survey.answers", "survey.offered"], "no")


@pytest.mark.trap("zendesk 30")
def test_check_warns_of_the_end_of_tokens(world: World) -> None:
    warnings = [f.text for f in checked(world, token=True) if f.level == "warning"]
    assert len(warnings) == 1
    assert "2027-04-30" in warnings[0]


def test_check_ends_with_one_line_when_the_credentials_are_refused(world: World) -> None:
    [finding] = checked(world, faults="refuse")
    assert (finding.level, finding.about) == ("error", "credentials")


def test_check_names_a_field_that_the_account_does_not_have(world: World) -> None:
    chosen = msgspec.structs.replace(settings(world), keep_fields=("Category", "Product"))

    async def run() -> list[Finding]:
        async with transport(world, chosen, None) as http:
            return list(await Zendesk(http, chosen).check())

    assert [f.text for f in asyncio.run(run()) if f.about == "fields"] == ["no ticket field is titled 'Product'"]
