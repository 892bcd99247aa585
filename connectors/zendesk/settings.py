"""`[sources.NAME]` of a Zendesk account."""

import msgspec

from helpdesk_kpi.errors import ConfigError
from helpdesk_kpi.pull.auth import Auth, Basic, ClientCredentials
from helpdesk_kpi.pull.sites import site_of
from helpdesk_kpi.secret import Secret

_TOKENS_END = (
    "API tokens that nobody used for 30 days are deactivated, and all of them stop on 2027-04-30: an OAuth client"
    " (client_id and client_secret) lasts"
)  # https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/
_CLIENT = "The OAuth client must be confidential, of this account, and owned by an admin"


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An OAuth client of your own account, or, until 2027-04-30, an address with an API token."""

    client_id: str | None = None
    client_secret: str | None = None
    email: str | None = None
    token: str | None = None

    def __post_init__(self) -> None:
        given = {name for name in self.__struct_fields__ if getattr(self, name)}
        if given not in ({"client_id", "client_secret"}, {"email", "token"}):
            raise ValueError("expected { client_id, client_secret } or { email, token }")

    def __repr__(self) -> str:
        return "Credentials(***)"

    @property
    def is_token(self) -> bool:
        return self.token is not None

    def auth(self) -> Auth:
        if self.client_id and self.client_secret:
            return ClientCredentials(self.client_id, Secret(self.client_secret), advice=_CLIENT)
        assert self.email
        assert self.token
        return Basic(f"{self.email}/token", Secret(self.token), advice=_TOKENS_END)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a Zendesk source is told."""

    url: str  # "https://acme.zendesk.com"
    auth: Credentials
    rate_share: float = 0.5  # the part of each rate limit that is ours; the rest is left to other integrations
    page_size: int = 1000  # rows a page of the exports; less where Zendesk's gateway times out
    keep_fields: tuple[str, ...] = ()  # custom ticket fields to keep, by id or title
    include_ratings_comment: bool = False  # keep what customers wrote into surveys
    help_centers: bool = True  # read articles of the account's help centres
    voice: bool = True  # read calls
    messaging: bool = True  # read messaging engagements
    sketch_key: bytes = b""  # set by sync; keys the sketches of texts

    def __post_init__(self) -> None:
        try:
            site_of(self.url)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        if not 0 < self.rate_share <= 1:
            raise ValueError("rate_share must be above 0 and at most 1")
        if not 1 <= self.page_size <= 1000:
            raise ValueError("page_size must be between 1 and 1000")
