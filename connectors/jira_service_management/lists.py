"""Streams of what is short: names of statuses, priorities, projects and fields, and who is of the team."""

from collections.abc import AsyncIterator

import msgspec

from connectors.jira_service_management import mapping
from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.account import Account
from helpdesk_kpi.model import Name
from helpdesk_kpi.pull.contract import Page, Start
from helpdesk_kpi.pull.rows import rows


async def statuses(account: Account, start: Start) -> AsyncIterator[Page]:
    """A project that is managed by its team has statuses of its own, with the same names and other ids."""
    await account.me()
    path = await account.site.api("status")
    raw = await account.http.get(path, type=msgspec.Raw, endpoint="statuses", missing="resource")
    found, aside = rows(raw, js.Status)
    yield Page(records=[mapping.status(row) for row in found], set_aside=aside, complete_until=start.now)


async def priorities(account: Account, start: Start) -> AsyncIterator[Page]:
    await account.me()
    found = await account.site.priorities()
    yield Page(records=[Name("priority", row.id, row.name) for row in found], complete_until=start.now)


async def projects(account: Account, start: Start) -> AsyncIterator[Page]:
    await account.me()
    found = await account.projects()
    yield Page(records=[Name("brand", row.id, row.name or row.key) for row in found], complete_until=start.now)


async def fields(account: Account, start: Start) -> AsyncIterator[Page]:
    await account.me()
    found = [row for row in await account.fields() if row.custom]
    yield Page(records=[Name("field", row.id, row.name or row.id) for row in found], complete_until=start.now)


async def agents(account: Account, start: Start) -> AsyncIterator[Page]:
    """Members of the configured groups, whether they have done anything yet or not."""
    await account.me()
    found = mapping.records_of_people(await account.members(), await account.agents(), account.met)
    yield Page(records=found, complete_until=start.now)
