"""`[sources.NAME]` of a Jira site with its service projects and Confluence."""

import datetime as dt
from collections.abc import Mapping
from typing import Literal

import msgspec

from helpdesk_kpi.errors import ConfigError
from helpdesk_kpi.pull.auth import Auth, Basic, Bearer
from helpdesk_kpi.pull.hosts import parse_host
from helpdesk_kpi.secret import Secret

Role = Literal["first_response", "resolution", "other"]
GATEWAY = "https://api.atlassian.com"  # the only address that accepts scoped tokens
_TOKENS_END = (
    "API tokens last a year at most: create a new one at id.atlassian.com, and set token_expires to get a warning"
)
_PERSONAL = "Personal access tokens may expire: create one in Jira under Profile > Personal Access Tokens"


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """On Cloud an address with its API token; on Data Center a personal access token."""

    email: str | None = None
    token: str | None = None
    personal_token: str | None = None

    def __post_init__(self) -> None:
        names = {name for name in self.__struct_fields__ if getattr(self, name)}
        if names not in ({"email", "token"}, {"personal_token"}):
            raise ValueError("expected { email, token }, or { personal_token } for Data Center")

    def __repr__(self) -> str:
        return "Credentials(***)"

    @property
    def is_personal(self) -> bool:
        return self.personal_token is not None

    def auth(self) -> Auth:
        if self.personal_token:
            return Bearer(Secret(self.personal_token), advice=_PERSONAL)
        assert self.email
        assert self.token
        return Basic(self.email, Secret(self.token), advice=_TOKENS_END)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a Jira source. Fields are given by id ("customfield_10200", "10200") or by name."""

    url: str  # "https://acme.atlassian.net"
    auth: Credentials
    gateway: bool | str = False  # scoped tokens: true, or the gateway's address
    cloud_id: str | None = None  # of the site, for the gateway; requested if not given
    projects: tuple[str, ...] = ()  # keys; empty: all visible service projects
    agents: tuple[str, ...] = ()  # ids, mail addresses or "group:ID" of the whole team; empty: by the agents' role
    team_field: str | None = None  # the field with the team of an issue
    keep_fields: tuple[str, ...] = ()  # custom fields to keep
    sla: Mapping[str, Role] = {}  # id of an SLA or of its field -> role; `check` suggests it
    duplicate_links: tuple[str, ...] = ("Duplicate",)  # link types, by id or name: "A duplicates B" merges A into B
    duplicate_resolutions: tuple[str, ...] = ("Duplicate",)  # resolutions, by id or name, that close a duplicate
    problem_links: tuple[str, ...] = ("Problem/Incident",)  # link types from a problem to its incidents
    development_links: tuple[str, ...] = ()  # link types, by id or name, to issues of product development
    look_back: int = 12  # hours that are searched again, as Jira's index may be late; 0: none
    page_size: int = 100  # issues a page
    rate_share: float = 0.5  # our part of each rate limit; other integrations keep the rest
    token_expires: dt.date | None = None  # the token's last day; `check` warns before
    include_ratings_comment: bool = False  # store comments of surveys; one request for each rating
    confluence: bool = True  # read the knowledge base
    spaces: tuple[str, ...] = ()  # keys of its spaces; empty: all of the kind "knowledge base"
    views: bool = False  # count views of articles; one request for each article, on Premium and Enterprise only
    thanks: tuple[str, ...] = ()  # set by sync; further words of gratitude
    sketch_key: bytes = b""  # set by sync; keys the fingerprints of texts

    def __post_init__(self) -> None:
        try:
            parse_host(self.url)
            if isinstance(self.gateway, str):
                parse_host(self.gateway)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        if self.auth.is_personal and self.gateway:
            raise ValueError("gateway is for Cloud; personal_token is for Data Center")
        if not 0 < self.rate_share <= 1:
            raise ValueError("rate_share must be above 0 and at most 1")
        if not 1 <= self.page_size <= 100:
            raise ValueError("page_size must be between 1 and 100")
        if not 0 <= self.look_back <= 24 * 14:
            raise ValueError("look_back must be between 0 and 336 hours")

    @property
    def gateway_url(self) -> str | None:
        """Address of the gateway; None: requests go to the site itself."""
        if not self.gateway:
            return None
        return self.gateway.rstrip("/") if isinstance(self.gateway, str) else GATEWAY
