"""What `check` tells about a Jira site, and what it proposes to configure."""

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import httpx
import pytest
from jira_source import CLOUD, Site, transport
from msgspec.structs import replace

from connectors.jira_service_management import JiraServiceManagement
from helpdesk_kpi.pull.contract import Finding
from helpdesk_kpi.pull.discovery import connector_names, find_connector
from helpdesk_kpi.simulator.world.world import generate


def site(folder: Path, **more: Any) -> Site:
    return Site(folder, generate(5, tickets=60), **more)


def about(found: list[Finding], subject: str) -> list[Finding]:
    return [f for f in found if f.about == subject]


def format_findings(found: list[Finding]) -> str:
    return "\n".join(f"{f.level} {f.about}: {f.text}" for f in found)


@pytest.mark.parametrize("kind", ["cloud", "gateway", "datacenter"])
def test_a_site_in_order_has_no_errors_and_ends_with_the_cost(tmp_path: Path, kind: str) -> None:
    found = site(tmp_path, kind=kind).check()
    assert not [f for f in found if f.level == "error"], format_findings(found)
    assert found[-1].about == "first sync"
    assert [f.zone for f in found if f.about == "time zone"] == ["Europe/Berlin"]
    assert "readable in SUP" in format_findings(found)


def test_roles_of_slas_and_waiting_statuses_are_proposed(tmp_path: Path) -> None:
    found = site(tmp_path, sla={}, team_field=None).check()
    [roles] = [f for f in about(found, "SLA") if f.level == "note"]
    assert '"10030" = "first_response", "10031" = "resolution", "10032" = "other"' in roles.text
    assert "10030 is Time to first response (" in roles.text
    [statuses] = about(found, "statuses")
    assert 'statuses = { "Waiting for customer" = "pending" }' in statuses.text
    assert "customfield_10200 (Support team)" in about(found, "team_field")[0].text


def test_unknown_fields_and_projects_are_reported(tmp_path: Path) -> None:
    found = format_findings(
        site(tmp_path, keep_fields=("Colour",), team_field="Squad", projects=("SUP", "OLD")).check()
    )
    assert "no field has the id or name 'Colour'" in found
    assert "no field has the id or name 'Squad'" in found
    assert "project OLD is not visible" in found


def test_refused_credentials_say_what_else_may_be_wrong(tmp_path: Path) -> None:
    found = site(tmp_path, faults="refuse").check()
    assert found[0].level == "error"
    assert "set gateway = true" in found[0].text
    assert "simulated-api-token" not in format_findings(found)


@pytest.mark.parametrize(
    ("last", "level"),
    [(None, "note"), (dt.date(2026, 5, 1), "error"), (dt.date(2026, 6, 20), "warning"), (dt.date(2027, 5, 1), "ok")],
    ids=["not_said", "over", "soon", "far"],
)
def test_check_warns_before_the_token_expires(last: dt.date | None, level: str) -> None:
    found = check_small_site(lambda _: httpx.Response(404, json={}), token_expires=last)
    assert [f.level for f in about(found, "credentials")][-1] == level


def test_an_account_of_the_portal_is_no_agent() -> None:
    found = check_small_site(lambda _: httpx.Response(404, json={}), me={"accountId": "1", "accountType": "customer"})
    assert about(found, "rights")[0].level == "error"


def test_projects_with_only_null_slas_limit_the_capability(tmp_path: Path) -> None:
    world = generate(5, tickets=60)
    world.plan_without = {"slas"}
    found = about(Site(tmp_path, world).check(), "SLA")
    assert (found[0].level, found[0].need) == ("warning", "sla.cycles")
    assert "the account is no agent there" in found[0].text


def test_data_center_with_a_cloud_token_is_reported() -> None:
    found = check_small_site(
        lambda _: httpx.Response(404, json={}), server={"deploymentType": "Server", "version": "9.12"}
    )
    assert "auth has to be { personal_token }" in format_findings(found)


def test_the_connector_is_found_and_states_every_need() -> None:
    assert "jira_service_management" in connector_names()
    provides = find_connector("jira_service_management").provides
    needs = {need for kpi in _kpis() for need in kpi.needs} | {"sla.cycles", "articles", "article.views"}
    assert needs <= set(provides)
    assert all(p.reason for p in provides.values() if p.answer != "yes")


def _kpis() -> list[Any]:
    from helpdesk_kpi.measure.metrics.discovery import find_kpis

    return list(find_kpis().values())


def check_small_site(answers: Any, *, me: Any = None, server: Any = None, **more: Any) -> list[Finding]:
    """`check` of a site that answers little."""

    def odd(request: httpx.Request) -> httpx.Response | None:
        for end, given in (("/myself", me), ("/serverInfo", server)):
            if given is not None and request.url.path.endswith(end):
                return httpx.Response(200, json=given)
        return None

    async def run() -> list[Finding]:
        settings = replace(CLOUD, **more)
        async with transport(answers, [], settings, clock=lambda: 1_780_308_000.0, odd=odd) as http:
            return list(await JiraServiceManagement(http, settings).check())

    return asyncio.run(run())
