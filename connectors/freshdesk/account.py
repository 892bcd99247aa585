"""State of one account that several streams share. Each part is fetched once a run, and only if needed."""

import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from connectors.freshdesk import payloads as fd
from connectors.freshdesk.codes import CHANNELS, STATUSES
from connectors.freshdesk.map_tickets import FreshdeskFields
from connectors.freshdesk.pagination import fetch_pages
from connectors.freshdesk.settings import Settings
from helpdesk_kpi.errors import UnavailableError
from helpdesk_kpi.pull.contract import Finding, RejectedRow
from helpdesk_kpi.pull.transport import Transport

log = logging.getLogger(__name__)


class FreshdeskAccountState:
    """One account during one run. `findings` is the connector's list of reports to people."""

    def __init__(self, http: Transport, settings: Settings, findings: list[Finding]) -> None:
        self.http, self.settings, self.findings = http, settings, findings
        self.url = settings.address
        self._agents: frozenset[str] | None = None
        self._fields: list[fd.TicketField] | None = None
        self._kept: dict[str, str] | None = None
        self._surveys: dict[str, fd.Survey] | None = None

    async def keep(self, tickets: Sequence[fd.Ticket]) -> FreshdeskFields:
        """Select what is stored of these tickets."""
        is_known = all(row.source is None or str(row.source) in CHANNELS for row in tickets)
        return FreshdeskFields(
            url=self.url,
            fields=await self.fields_to_keep(),
            sources={} if is_known else await self.sources(),
            statuses=() if all(str(row.status) in STATUSES for row in tickets) else await self.statuses(),
            agents=await self.agents(),
            sketch_key=self.settings.sketch_key,
        )

    async def agent_pages(self) -> AsyncIterator[tuple[list[fd.Agent], list[RejectedRow]]]:
        """Fetch the current agents, and cache their ids for `agents`."""
        ids: set[str] = set()
        async for rows, rejected, _ in fetch_pages(self.http, "/api/v2/agents", kind=fd.Agent, endpoint="agents"):
            ids |= {str(row.id) for row in rows}
            yield rows, rejected
        self._agents = frozenset(ids)

    async def agents(self) -> frozenset[str]:
        """Ids of the current agents. They are no customers, even as requesters.

        Empty if the key may not list agents: then the people who reply are agents.
        """
        if self._agents is None:
            try:
                async for _ in self.agent_pages():
                    pass
            except UnavailableError:
                self._agents = frozenset()
        assert self._agents is not None
        return self._agents

    async def fields(self) -> list[fd.TicketField]:
        """All ticket fields; empty if the key may not read them."""
        if self._fields is None:
            try:
                pages = fetch_pages(
                    self.http, "/api/v2/ticket_fields", kind=fd.TicketField, endpoint="ticket_fields",
                )  # fmt: skip
                self._fields = [row async for good, _, _ in pages for row in good]
            except UnavailableError as error:
                self.findings.append(Finding(level="warning", about="ticket fields", text=str(error)))
                self._fields = []
        return self._fields

    async def choices(self, kind: str) -> Any:
        return next((field.choices for field in await self.fields() if field.type == kind), None)

    async def fields_to_keep(self) -> dict[str, str]:
        """Custom fields to keep: Freshdesk's name -> the entry of `keep_fields`, which is a name or a label."""
        configured = self.settings.keep_fields
        if self._kept is not None:
            return self._kept
        fields = {entry: entry for entry in configured if entry.startswith("cf_")}
        labelled = {entry.casefold(): entry for entry in configured if not entry.startswith("cf_")}
        if labelled:
            for field in await self.fields():
                for name in (field.name.removeprefix("cf_"), field.label or ""):
                    if entry := labelled.get(name.casefold()):
                        fields[field.name] = entry
        for missing in set(configured) - set(fields.values()):
            log.warning("%s has no ticket field named %r", self.url, missing)
        self._kept = fields
        return fields

    async def sources(self) -> dict[str, str]:
        """Sources that the account added: code -> label."""
        choices = await self.choices("default_source")
        labels = {str(code): label for label, code in choices.items()} if isinstance(choices, dict) else {}
        return {code: label for code, label in labels.items() if code not in CHANNELS}

    async def statuses(self) -> dict[str, str]:
        """Statuses: code -> label for agents."""
        choices = await self.choices("default_status")
        pairs = choices.items() if isinstance(choices, dict) else ()
        return {str(code): str(label[0] if isinstance(label, list) and label else label) for code, label in pairs}

    async def surveys(self) -> dict[str, fd.Survey]:
        """All surveys by id, with unused ones: old ratings refer to them."""
        if self._surveys is None:
            pages = fetch_pages(self.http, "/api/v2/surveys", kind=fd.Survey, endpoint="surveys")
            self._surveys = {str(row.id): row async for good, _, _ in pages for row in good}
        return self._surveys
