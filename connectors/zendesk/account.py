"""State of one account that several streams share. Each part is fetched once a run, and only if needed."""

import logging
import re
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping.tickets import ZendeskFields
from connectors.zendesk.pagination import fetch_list
from connectors.zendesk.settings import Settings
from helpdesk_kpi.errors import UnavailableError
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.pull.contract import Finding, no
from helpdesk_kpi.pull.lenient_decode import decode_rows
from helpdesk_kpi.pull.transport import Params, Transport

_ZENDESK = ".zendesk.com"
_SUBDOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*")
PROBE_AGE = 2 * 86_400  # seconds before now; exports refuse a start within the last minute
LISTS_NOTE = (
    "Zendesk denies its exports to these credentials: tickets are read by lists, which needs more requests;"
    " tickets deleted before the first sync stay unknown"
)
log = logging.getLogger(__name__)


#: Titles that the Time Tracking app gives to the fields that it creates.
#: https://support.zendesk.com/hc/en-us/articles/4408822487450
TOTAL, LAST_UPDATE = "Total time spent (sec)", "Time spent last update (sec)"


class TimeFields(NamedTuple):
    """Ids of the ticket fields with seconds. `total` None: no time is known, and `why` gives the reason."""

    total: int | None = None
    last: int | None = None
    why: str = ""


class ZendeskAccountState:
    """One account during one run. `findings` collects what the run reports to people."""

    def __init__(self, http: Transport, settings: Settings, findings: list[Finding] | None = None) -> None:
        self.http, self.settings = http, settings
        self.findings: list[Finding] = [] if findings is None else findings
        self.rated: set[str] = set()  # "rating/score" of the answers that the list gave in this run
        self.reads_lists = False  # Zendesk denies its exports
        self._has_probed_exports = False
        self.url = settings.url.rstrip("/")
        self._brands: list[zd.Brand] | None = None
        self._fields: dict[int, str] | None = None
        self._ticket_fields: list[zd.TicketField] | None = None
        self._is_refused = False  # the list of ticket fields
        self._time: TimeFields | None = None

    async def are_exports_denied(self, now: int, why: UnavailableError) -> bool:
        """Whether Zendesk denies its exports to these credentials but allows its lists. Checked once a run.

        Args:
            now: Epoch ms by our clock.
            why: The refusal of one export. If tickets can be exported, that refusal has another reason.
        """
        if not self._has_probed_exports:
            self._has_probed_exports = True
            start = {"start_time": self.back_from(now), "per_page": 1}
            exported = await self.gives("/api/v2/incremental/tickets/cursor", start)
            self.reads_lists = not exported and await self.gives("/api/v2/tickets", {"page[size]": 1})
            if self.reads_lists:
                self.findings.append(Finding(level="warning", about="transport", text=f"{LISTS_NOTE} ({why})"))
        return self.reads_lists

    def back_from(self, now: int) -> int:
        """A start, in UNIX seconds, that no export refuses as too recent. `now`: epoch ms by our clock."""
        return self.http.server_time(now) // SECOND - PROBE_AGE

    async def gives(self, path: str, params: Params) -> bool:
        try:
            await self.http.get(path, params, type=dict[str, msgspec.Raw], endpoint="probe", missing="resource")
        except UnavailableError:
            return False
        return True

    async def keep(self, since: int) -> ZendeskFields:
        return ZendeskFields(self.url, since, await self.fields(), self.settings.sketch_key, await self.made_at())

    async def made_at(self) -> int | None:
        """When the account was created: the age of its system ticket fields, which cannot be deleted. None: unknown."""
        times = [zd.ms(field.created_at) for field in await self._find_titled_fields() if field.created_at is not None]
        return min(times, default=None)

    async def fields(self) -> dict[int, str]:
        """Custom fields to keep: id -> the entry of `keep_fields`, which is an id or a title."""
        if self._fields is None:
            configured = self.settings.keep_fields
            fields = {int(entry): entry for entry in configured if entry.isdecimal()}
            titles = {entry.casefold(): entry for entry in configured if not entry.isdecimal()}
            if titles:
                fields |= {
                    f.id: titles[key] for f in await self._find_titled_fields() if (key := f.title.casefold()) in titles
                }
            for missing in set(configured) - set(fields.values()):
                log.warning("%s has no ticket field titled %r", self.url, missing)
            self._fields = fields
        return self._fields

    async def time_fields(self) -> TimeFields:
        """Fields of the Time Tracking app: by the configured id or title, else by the app's own titles."""
        if self._time is None:
            self._time = await self._find_time_fields()
            if why := self._time.why:
                self.findings.append(Finding(level="ok", about="time", text=why, need="time.entries", provides=no(why)))
        return self._time

    async def _find_time_fields(self) -> TimeFields:
        entry = self.settings.time_field or TOTAL
        if entry.isdecimal():
            return TimeFields(int(entry))
        ids = {field.title.casefold(): field.id for field in await self._find_titled_fields()}
        if (total := ids.get(entry.casefold())) is not None:
            return TimeFields(total, ids.get(LAST_UPDATE.casefold()))
        if self._ticket_fields is None:
            return TimeFields(
                why="these credentials cannot read ticket fields: set time_field to the id of the field with the total"
            )
        return TimeFields(why=f"the Time Tracking app is not installed: no ticket field is titled {entry!r}")

    async def _find_titled_fields(self) -> list[zd.TicketField]:
        """All ticket fields; empty if the credentials may not read them."""
        if self._ticket_fields is None and not self._is_refused:
            try:
                self._ticket_fields = [
                    row
                    async for page in fetch_list(self.http, "/api/v2/ticket_fields", endpoint="ticket_fields")
                    for row in decode_rows(page.ticket_fields, zd.TicketField)[0]
                ]
            except UnavailableError as error:
                self._is_refused = True
                log.info("ticket fields can be found by id only: %s", error)
        return self._ticket_fields or []

    async def brands(self) -> list[zd.Brand]:
        if self._brands is None:
            try:
                self._brands = [
                    row
                    async for page in fetch_list(self.http, "/api/v2/brands", endpoint="brands")
                    for row in decode_rows(page.brands, zd.Brand)[0]
                ]
            except UnavailableError:  # the plan has a single brand
                self._brands = []
        return self._brands

    async def help_centers(self) -> list[str]:
        """Addresses of the help centres: one for each brand that has one, on the host of the brand."""
        sites = []
        for brand in await self.brands():
            if brand.has_help_center and (site := self._site(brand)):
                self.http.allow(site)
                sites.append(site)
        return list(dict.fromkeys(sites)) or [self.url]

    def _site(self, brand: zd.Brand) -> str | None:
        """Address of a brand. Credentials are sent to subdomains of zendesk.com only, whatever the row says."""
        if not (urlsplit(self.url).hostname or "").endswith(_ZENDESK):
            return self.url
        name = (brand.subdomain or "").lower()
        return f"https://{name}{_ZENDESK}" if _SUBDOMAIN.fullmatch(name) else None

    async def article_hosts(self) -> frozenset[str]:
        """Hosts of our help centres, to recognise links to articles."""
        hosts = {_get_host(self.url)}
        for brand in await self.brands():
            hosts |= {_get_host(brand.brand_url or ""), brand.host_mapping or ""}
            hosts |= {f"{brand.subdomain}{_ZENDESK}"} if brand.subdomain else set()
        return frozenset(host.lower() for host in hosts if host)


def _get_host(address: str) -> str:
    """Host of an address; "" if it is not an address."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""
