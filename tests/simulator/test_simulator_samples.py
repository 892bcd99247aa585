"""The simulator's answers have the keys, types and ends of recorded or official samples of the vendors' answers.

`tests/samples/*.toml` maps endpoints to samples; `*.json` describes the samples' shapes, so that the comparison runs
without them. HELPDESK_KPI_PAYLOADS names the folder of samples; with it, the descriptions are compared with them.
"""

import base64
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import decoding_fixtures as decoding
import docs_simulator
import httpx
import msgspec
import pytest
import sample_fixtures as samples
import shape_fixtures as shapes
from sample_fixtures import HELPDESKS, Answer

from helpdesk_kpi.simulator.freshdesk import app as freshdesk
from helpdesk_kpi.simulator.freshdesk.api import FreshdeskApi
from helpdesk_kpi.simulator.freshdesk.auth import KEY
from helpdesk_kpi.simulator.freshdesk.routes_misc import MiscRoutes
from helpdesk_kpi.simulator.freshdesk.solutions import CATEGORY, FOLDERS
from helpdesk_kpi.simulator.freshdesk.trackers import Trackers
from helpdesk_kpi.simulator.jira import app as jira
from helpdesk_kpi.simulator.jira.api import JiraApi
from helpdesk_kpi.simulator.jira.auth import PERSONAL_TOKEN
from helpdesk_kpi.simulator.jira.changelogs import Changelogs
from helpdesk_kpi.simulator.jira.roles import ADMINISTRATORS, TEAM
from helpdesk_kpi.simulator.jira.search import Search
from helpdesk_kpi.simulator.jira.site import Kind, account_id
from helpdesk_kpi.simulator.jira.vocabulary import AGENTS, PROJECTS
from helpdesk_kpi.simulator.server.faults import Faults
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.world import time_entries
from helpdesk_kpi.simulator.world.clock import DAY, SECOND
from helpdesk_kpi.simulator.world.plan import REAL
from helpdesk_kpi.simulator.world.support_desk import EMAIL, LATE_SCHEDULE, SCHEDULE, TOKEN
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.simulator.zendesk import app as zendesk
from helpdesk_kpi.simulator.zendesk.api import ZendeskApi

ROOT = os.environ.get("HELPDESK_KPI_PAYLOADS")
recorded = pytest.mark.skipif(not ROOT, reason="HELPDESK_KPI_PAYLOADS names no folder of recorded payloads")
ANSWERS = [
    pytest.param(helpdesk, answer, id=f"{helpdesk} {answer.name}")
    for helpdesk in HELPDESKS
    for answer in samples.answers(helpdesk)
]
MOST_WORKLOGS = 1000  # at once
MANY = 40  # things of a kind that are asked for one by one


class SampleRequests:
    """Faces of one world, and what they answer to a line of the data files."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.world: World = generate(3, tickets=300, weeks=30, csat="both", hours=0.9, **REAL)
        self.open: dict[tuple[str, str], httpx.Client] = {}

    def api(self, helpdesk: str, kind: str) -> httpx.Client:
        if (helpdesk, kind) not in self.open:
            app, headers = self._app(helpdesk, kind)
            server = self.stack.enter_context(serve(app))
            self.open[helpdesk, kind] = self.stack.enter_context(httpx.Client(base_url=server.url, headers=headers))
        return self.open[helpdesk, kind]

    def _app(self, helpdesk: str, kind: str) -> tuple[Any, dict[str, str]]:
        if helpdesk == "zendesk":
            return zendesk.app(self.world, limits=False), _basic(f"{EMAIL}/token:{TOKEN}")
        if helpdesk == "freshdesk":
            return freshdesk.app(self.world, limits=False), _basic(f"{KEY}:X")
        if kind == "datacenter":
            secret = {"authorization": f"Bearer {PERSONAL_TOKEN}"}
            return jira.app(self.world, limits=False, kind="datacenter"), secret
        return jira.app(self.world, limits=False, analytics=True), _basic(f"{EMAIL}:{TOKEN}")

    def answers(self, helpdesk: str, answer: Answer) -> Iterator[tuple[Any, set[str]]]:
        """Every body, and the names of its headers, with the status of the line, to each of its requests."""
        api = self.api(helpdesk, answer.kind)
        self.world.plan_without = set(answer.without)
        for template in answer.ask:
            for path in self._filled(template):
                sent = {} if answer.body is None else {"json": self._sent(answer.body)}
                got = api.request("GET" if answer.body is None else "POST", path, headers=answer.headers, **sent)
                if got.status_code == answer.status:
                    yield msgspec.json.decode(got.content) if got.content else "", set(got.headers)

    def _filled(self, template: str) -> list[str]:
        for name, values in self.placeholders().items():
            if f"{{{name}}}" in template:
                return [template.replace(f"{{{name}}}", str(value)) for value in values]
        return [template]

    def _sent(self, body: Any) -> Any:
        """A body; a value in braces is a whole list of things."""
        placeholders = self.placeholders()
        values = {f"{{{name}s}}": values for name, values in placeholders.items()}
        return {name: values.get(value, value) if isinstance(value, str) else value for name, value in body.items()}

    def placeholders(self) -> dict[str, list[Any]]:
        """What stands for the words in braces."""
        every, now = sorted(self.world.stories), self.world.now
        numbers = every[-2 * MANY :]  # the last ones are those of the situations
        articles = [article.id for article in self.world.desk.articles][:MANY]
        yesterday = datetime.fromtimestamp(self.world.now / 1000, UTC) - timedelta(days=1)
        starts = [chat.at for story in self.world.stories.values() for chat in story.chats]
        return {
            "ticket": numbers,
            "old": every[:MANY],
            "incident": [n for n, story in self.world.stories.items() if story.created.problem],
            "tracker": [number for _, number in Trackers(self.world).index()],
            "tickets": [",".join(map(str, numbers))],
            "issue": [str(100_000 + number) for number in numbers],
            "worklog": sorted(
                entry.id for story in self.world.stories.values() for entry in time_entries.entries(story, now)
            )[:MOST_WORKLOGS],
            "account": [account_id(account.id) for account in self.world.desk.accounts],
            "group": [AGENTS[0]],
            "server_group": [AGENTS[1]],
            "desk": [project.desk for project in PROJECTS if project.desk and not project.archived],
            "article": articles,
            "rating": [offer.survey for n in every for offer in self.world.stories[n].offered if not offer.new][:MANY],
            "schedule": [SCHEDULE, LATE_SCHEDULE],
            "role": [ADMINISTRATORS, TEAM],
            "last_session": [sorted(at for at in starts if at < self.world.now - DAY)[-3] // SECOND],
            "just_now": [self.world.now // SECOND - 61],
            "yesterday": [yesterday.date().isoformat()],
            "agent": [account.id for account in self.world.desk.accounts],
            "contact": [account.id for account in self.world.accounts.values()][:MANY],
            "category": [CATEGORY],
            "folder": list(FOLDERS),
        }


def _basic(secret: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(secret.encode()).decode()}


@pytest.fixture(scope="module")
def requests() -> Iterator[SampleRequests]:
    with ExitStack() as stack:
        yield SampleRequests(stack)


@recorded
@pytest.mark.parametrize("helpdesk", HELPDESKS)
def test_the_descriptions_are_those_of_the_samples(
    helpdesk: str, requests: SampleRequests, pytestconfig: pytest.Config
) -> None:
    made = {answer.name: _described(helpdesk, answer, requests) for answer in samples.answers(helpdesk)}
    path = samples.FOLDER / f"{helpdesk}.json"
    text = msgspec.json.format(msgspec.json.encode(made), indent=1).decode() + "\n"
    if pytestconfig.getoption("--update"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), "review, then `pytest --update`"


def _described(helpdesk: str, answer: Answer, requests: SampleRequests) -> samples.Described:
    made = samples.sampled(Path(ROOT or ""), answer)
    collector = answer.collector()
    for body, _ in requests.answers(helpdesk, answer):
        collector.add(body)
    read = {path for path, _, _ in decoding.decoded(answer)}
    lacking = shapes.missing(collector.shape(), shapes.read(made.shape), samples.allowed(answer))
    made.lacks = sorted(path for path, _ in lacking if path not in read)
    return made


@pytest.mark.parametrize(("helpdesk", "answer"), ANSWERS)
def test_the_simulator_answers_as_the_samples_do(helpdesk: str, answer: Answer, requests: SampleRequests) -> None:
    kept = samples.described(helpdesk)[answer.name]
    collector = answer.collector()
    notes = []
    for body, heads in requests.answers(helpdesk, answer):
        collector.add(body)
        assert set(kept.heads) <= heads
        notes.append(samples.of_note(answer, body))
    assert notes, "the simulator gave no such answer"
    shown, expected = collector.shape(), shapes.read(kept.shape)
    if answer.samples:
        found = shapes.differences(shown, expected, samples.allowed(answer), frozenset(kept.lacks))
        assert list(found) == []
    assert samples.unseen(answer, shown, expected) == []
    assert all(kept.values == note for note in notes if kept.values)


@pytest.mark.parametrize(("helpdesk", "answer"), ANSWERS)
def test_the_connector_reads_what_the_samples_have(helpdesk: str, answer: Answer) -> None:
    kept = samples.described(helpdesk)[answer.name]
    documented = samples.allowed(answer)
    assert list(decoding.misread(answer, shapes.read(kept.shape), documented)) == []
    read = {path for path, _, _ in decoding.decoded(answer)}
    assert read & set(kept.lacks) == set(), "the connector reads it, and the simulator does not show it"


def test_the_page_lists_what_each_answer_is_compared_with(golden: Callable[[Path, str], None]) -> None:
    golden(docs_simulator.PAGE, docs_simulator.page())


@pytest.mark.parametrize("helpdesk", HELPDESKS)
def test_every_endpoint_of_the_simulator_has_a_line(helpdesk: str) -> None:
    world, plan = generate(1, tickets=1, empty=True), Faults()
    api = FreshdeskApi(world, plan)
    served = {
        "zendesk": {name for name, *_ in zendesk._endpoints(ZendeskApi(world, plan))},
        "freshdesk": {name for name, *_ in (*freshdesk._endpoints(api), *freshdesk._misc_routes(MiscRoutes(api)))}
        | {"activities_file"},
        "jira_service_management": _jira_endpoints(world, plan),
    }
    assert {answer.endpoint for answer in samples.answers(helpdesk)} == served[helpdesk]


def _jira_endpoints(world: World, plan: Faults) -> set[str]:
    names: set[str] = set()
    kinds: tuple[Kind, ...] = ("cloud", "datacenter")
    for kind in kinds:
        api = JiraApi(world, kind, plan)
        search, changelogs = Search(api.issues, plan, monotonic), Changelogs(api.issues, monotonic)
        products = jira._products(api, search, changelogs, kind, analytics=True)
        names |= {name for _, _, _, endpoints in products for _, _, name, _ in endpoints}
    return names
