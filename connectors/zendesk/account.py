"""What several streams need to know about an account; asked once a run, and only if needed."""

import logging
import re
from urllib.parse import urlsplit

from connectors.zendesk import payloads as zd
from connectors.zendesk.fetching import by_list
from connectors.zendesk.mapping import Keep
from connectors.zendesk.settings import Settings
from helpdesk_kpi.errors import UnavailableError
from helpdesk_kpi.pull.rows import rows
from helpdesk_kpi.pull.transport import Transport

_ZENDESK = ".zendesk.com"
_SUBDOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*")
log = logging.getLogger(__name__)


class Account:
    """One account during one run."""

    def __init__(self, http: Transport, settings: Settings) -> None:
        self.http, self.settings = http, settings
        self.url = settings.url.rstrip("/")
        self._brands: list[zd.Brand] | None = None
        self._fields: dict[int, str] | None = None

    async def keep(self, since: int) -> Keep:
        return Keep(self.url, since, await self.fields(), self.settings.sketch_key)

    async def fields(self) -> dict[int, str]:
        """Custom fields to keep: id -> the word that the configuration uses for it, an id or a title."""
        if self._fields is None:
            words = self.settings.keep_fields
            found = {int(word): word for word in words if word.isdecimal()}
            titles = {word.casefold(): word for word in words if not word.isdecimal()}
            if titles:
                found |= {f.id: titles[key] for f in await self._titled() if (key := f.title.casefold()) in titles}
            for missing in set(words) - set(found.values()):
                log.warning("%s has no ticket field titled %r", self.url, missing)
            self._fields = found
        return self._fields

    async def _titled(self) -> list[zd.TicketField]:
        try:
            return [
                row
                async for page in by_list(self.http, "/api/v2/ticket_fields", endpoint="ticket_fields")
                for row in rows(page.ticket_fields, zd.TicketField)[0]
            ]
        except UnavailableError as error:
            log.warning("fields can be kept by id only: %s", error)
            return []

    async def brands(self) -> list[zd.Brand]:
        if self._brands is None:
            try:
                self._brands = [
                    row
                    async for page in by_list(self.http, "/api/v2/brands", endpoint="brands")
                    for row in rows(page.brands, zd.Brand)[0]
                ]
            except UnavailableError:  # plans with a single brand
                self._brands = []
        return self._brands

    async def help_centers(self) -> list[str]:
        """Addresses of the help centres: one for each brand that has one, on the brand's own host."""
        sites = []
        for brand in await self.brands():
            if brand.has_help_center and (site := self._site(brand)):
                self.http.allow(site)
                sites.append(site)
        return list(dict.fromkeys(sites)) or [self.url]

    def _site(self, brand: zd.Brand) -> str | None:
        """Credentials go to subdomains of zendesk.com only, whatever a brand's row says."""
        if not (urlsplit(self.url).hostname or "").endswith(_ZENDESK):
            return self.url
        name = (brand.subdomain or "").lower()
        return f"https://{name}{_ZENDESK}" if _SUBDOMAIN.fullmatch(name) else None

    async def article_hosts(self) -> frozenset[str]:
        """Hosts whose articles are ours, in links."""
        hosts = {urlsplit(self.url).netloc}
        for brand in await self.brands():
            hosts |= {urlsplit(brand.brand_url or "").netloc, brand.host_mapping or ""}
            hosts |= {f"{brand.subdomain}{_ZENDESK}"} if brand.subdomain else set()
        return frozenset(host.lower() for host in hosts if host)
