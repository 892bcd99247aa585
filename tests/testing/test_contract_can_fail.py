"""The contract finds what is wrong: a connector that breaks one of its rules fails the test of that rule."""

import importlib.util
import sys
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from project_paths import ROOT

from helpdesk_kpi.errors import PullError
from helpdesk_kpi.model import AnyRecord, Event, Ticket
from helpdesk_kpi.pull.auth import Basic
from helpdesk_kpi.pull.contract import YES, Page, Start, no
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.secret import Secret
from helpdesk_kpi.testing import HttpContract

SHED = ROOT / "docs" / "examples" / "shed"


def example(name: str) -> ModuleType:
    """A file of the example, under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", SHED / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


desk, shed = example("desk"), example("helpdesk_kpi_shed")
Good: Any = shed.Shed


class Whole(msgspec.Struct):
    """A page that is decoded as a whole, so that one bad row takes all away."""

    tickets: list[shed.Row]  # type: ignore[name-defined]


class Sound(Good):  # type: ignore[misc]
    """Breaks nothing."""


class Endless(Good):  # type: ignore[misc]
    async def fetch_tickets(self, start: Start) -> AsyncIterator[Page]:
        cursor = int(start.cursor or 0)
        while rows := (await self.http.get("/tickets", {"after": cursor}, type=Whole)).tickets:
            cursor = rows[-1].change
            yield Page(records=[one for row in rows for one in shed.map_ticket(row)], cursor=str(cursor))
        yield Page(complete_until=start.now)


class Talkative(Good):  # type: ignore[misc]
    class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
        url: str
        key: str

    @classmethod
    def transport(cls, settings: Any) -> Transport:
        return Transport(settings.url, auth=Basic(settings.key, Secret("")))


class Silent(Good):  # type: ignore[misc]
    provides: ClassVar[Mapping[str, Any]] = dict.fromkeys(shed.GIVEN, YES)


class Boastful(Good):  # type: ignore[misc]
    provides: ClassVar[Mapping[str, Any]] = {**Good.provides, "articles": YES}


class Sulking(Good):  # type: ignore[misc]
    provides: ClassVar[Mapping[str, Any]] = {**Good.provides, "articles": no("")}


class Blind(Good):  # type: ignore[misc]
    """Takes any failure for the end."""

    async def fetch_tickets(self, start: Start) -> AsyncIterator[Page]:
        try:
            async for page in Good.fetch_tickets(self, start):
                yield page
        except PullError:
            yield Page(complete_until=start.now)


class Changing(Good):  # type: ignore[misc]
    """Makes its records anew in some way."""

    def change(self, record: AnyRecord) -> AnyRecord:
        return record

    async def fetch_tickets(self, start: Start) -> AsyncIterator[Page]:
        async for page in Good.fetch_tickets(self, start):
            yield replace(page, records=[self.change(record) for record in page.records])


class Forgetful(Changing):
    """Ids of its own, new each time."""

    def change(self, record: AnyRecord) -> AnyRecord:
        return replace(record, id=str(uuid.uuid4())) if isinstance(record, Event) else record


class InSeconds(Changing):
    def change(self, record: AnyRecord) -> AnyRecord:
        return replace(record, updated_at=record.updated_at // 1000) if isinstance(record, Ticket) else record


class Restless(Good):  # type: ignore[misc]
    """Its cursor moves without anything new."""

    async def fetch_tickets(self, start: Start) -> AsyncIterator[Page]:
        async for page in Good.fetch_tickets(self, start):
            yield page
        yield Page(cursor=str(int(start.cursor or 0) + 1))


class Narrow(Good):  # type: ignore[misc]
    """Takes no field that it does not know."""

    class Page(msgspec.Struct, forbid_unknown_fields=True):
        tickets: list[Any]

    async def fetch_tickets(self, start: Start) -> AsyncIterator[Any]:
        await self.http.get("/tickets", {"after": 0}, type=Narrow.Page)
        async for page in Good.fetch_tickets(self, start):
            yield page


class Trusting(Good):  # type: ignore[misc]
    """Takes whatever comes for what it should be."""

    async def fetch_tickets(self, start: Start) -> AsyncIterator[Page]:
        page = await self.http.get("/tickets", {"after": 0}, type=dict)
        for row in page["tickets"]:
            assert start.now > row["changed"] * 1000
        async for known in Good.fetch_tickets(self, start):
            yield known


class Stray(Good):  # type: ignore[misc]
    """Goes wherever it is sent, and waits for nobody."""

    async def fetch_tickets(self, start: Start) -> AsyncIterator[Page]:
        async with httpx.AsyncClient(follow_redirects=True) as client:
            answer = await client.get(f"{self.settings.url}/tickets", params={"after": 0},
                                      headers={"Authorization": desk.BASIC})  # fmt: skip
        if answer.status_code != 200:
            raise PullError("no luck", permanent=True)
        async for page in Good.fetch_tickets(self, start):
            yield page


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> HttpContract:
    class Bench(HttpContract):
        connector = f"{__name__}:{request.param}"
        now = "2026-11-23T06:00:00Z"
        secrets = (desk.KEY,)
        spare = 0

        def app(self) -> Any:
            return desk.desk([desk.ticket(number) for number in range(1, 13)])

        def empty(self) -> Any:
            return desk.desk([])

        def table(self, url: str) -> Mapping[str, Any]:
            return {"url": url, "key": desk.KEY}

    return Bench()


#: Connector, the rule that it breaks, and what the rule's test has to complain of.
BREAKS = [
    ("Endless", "a_helpdesk_that_repeats_itself_is_not_requested_for_ever", r"len\(\[RecordedRequest"),
    ("Silent", "it_answers_every_need_and_gives_a_reason_for_each_gap", r"\.\.\.\} == set\(\)"),
    ("Sulking", "it_answers_every_need_and_gives_a_reason_for_each_gap", r"\{'articles'\} == set"),
    ("Boastful", "what_it_provides_comes_from_a_stream", r"\{'articles'\} <= frozenset"),
    ("Blind", "refused_credentials_stop_everything_at_once", r"\{'ok'\} == \{'failed'\}"),
    (
        "Blind",
        "a_failure_that_lasts_ends_each_stream_within_bounds_and_leaves_the_store_alone",
        r"\{'ok'\} == \{'failed'\}",
    ),
    ("Forgetful", "pulled_twice_changes_nothing", r"\(60, 30\)"),
    ("InSeconds", "records_have_exactly_our_fields", r"\('tickets', 12\)"),
    ("Restless", "an_empty_account_gives_nothing_and_keeps_its_cursors", "'cursors'"),
    ("Narrow", "fields_that_nobody_knows_yet_change_nothing", "_new_field"),
    ("Narrow", "a_turn_with_nothing_new_makes_only_the_polls_that_it_needs", r"Counter\(\{'/tickets': 2"),
    ("Trusting", "answers_with_anything_wrong_in_them_never_end_a_sync", "'>' not supported"),
    ("Stray", "only_declared_hosts_are_requested", r"RecordedRequest\("),
    ("Stray", "too_many_requests_are_repeated_no_sooner_than_the_server_says", "no luck"),
    ("Stray", "a_passing_failure_of_every_path_changes_nothing", "no luck"),
    ("Talkative", "no_secret_is_reported_even_by_a_helpdesk_that_repeats_it", r"== \[\].*SourceConfig\(name="),
]
#: What the parametrised ones are asked with.
MORE: Mapping[str, Any] = {
    "only_declared_hosts_are_requested": "redirects",
    "too_many_requests_are_repeated_no_sooner_than_the_server_says": "seconds",
    "a_passing_failure_of_every_path_changes_nothing": "503",
}  # fmt: skip


def held(bench: HttpContract, rule: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    test = getattr(bench, f"test_{rule}")
    if rule.startswith("no_secret"):
        test(tmp_path, 403, caplog)
    elif rule in MORE:
        test(tmp_path, MORE[rule])
    else:
        test(*([] if rule.startswith("it_answers") else [tmp_path]))


@pytest.mark.parametrize(("bench", "rule", "complaint"), BREAKS, indirect=["bench"])
def test_a_connector_that_breaks_a_rule_fails_its_test(
    bench: HttpContract, rule: str, complaint: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    raised = TypeError if rule.startswith("answers_with") else AssertionError  # what a sync raises is no result
    with pytest.raises(raised, match=f"(?s){complaint}"):
        held(bench, rule, tmp_path, caplog)


@pytest.mark.parametrize("bench", ["Sound"], indirect=True)
@pytest.mark.parametrize("rule", sorted({rule for _, rule, _ in BREAKS}))
def test_one_that_breaks_none_passes_it(
    bench: HttpContract, rule: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    held(bench, rule, tmp_path, caplog)
