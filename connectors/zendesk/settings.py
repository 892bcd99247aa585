"""`[sources.NAME]` of a Zendesk account."""

from pathlib import Path

import msgspec

from helpdesk_kpi.errors import ConfigError
from helpdesk_kpi.pull.auth import Auth, Basic, ClientCredentials, RefreshTokens
from helpdesk_kpi.pull.hosts import parse_host
from helpdesk_kpi.pull.token_file import TokenFile
from helpdesk_kpi.secret import Secret

_ADVICE = (
    "API tokens stop working after 30 days without use, and all of them on 2027-04-30: use an OAuth client"
    " (client_id and client_secret)"
)  # https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/
_CLIENT_ADVICE = "The OAuth client must be confidential, of this account, and owned by an admin"


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An OAuth client of the account, or, until 2027-04-30, an address with an API token.

    With `tokens` the client acts for a person who gave consent in a browser; the file holds that person's tokens.
    """

    client_id: str | None = None
    client_secret: str | None = None
    tokens: str | None = None
    email: str | None = None
    token: str | None = None

    def __post_init__(self) -> None:
        names = {name for name in self.__struct_fields__ if getattr(self, name)}
        client = {"client_id", "client_secret"}
        if names not in (client, client | {"tokens"}, {"email", "token"}):
            raise ValueError("expected { client_id, client_secret }, the same with { tokens }, or { email, token }")

    def __repr__(self) -> str:
        return "Credentials(***)"

    @property
    def is_token(self) -> bool:
        return self.token is not None

    def token_file(self, folder: str) -> TokenFile | None:
        return TokenFile(Path(folder) / self.tokens) if self.tokens else None

    def auth(self, url: str = "", folder: str = "") -> Auth:
        """Build the sign-in. `folder`: base of a relative path in `tokens`."""
        file = self.token_file(folder)
        if self.client_id and self.client_secret and file:
            advice = _describe_consent(url, self.client_id, file.path)
            return RefreshTokens(self.client_id, Secret(self.client_secret), file, advice=advice)
        if self.client_id and self.client_secret:
            return ClientCredentials(self.client_id, Secret(self.client_secret), advice=_CLIENT_ADVICE)
        assert self.email
        assert self.token
        return Basic(f"{self.email}/token", Secret(self.token), advice=_ADVICE)


def _describe_consent(url: str, client_id: str, file: Path) -> str:
    """How a person gives consent again; https://support.zendesk.com/hc/en-us/articles/4408845965210"""
    return (
        f"To allow it (again), open {url}/oauth/authorizations/new?response_type=code&scope=read&client_id={client_id}"
        "&redirect_uri=ADDRESS as an admin, ADDRESS being a redirect URL of the client, and write the code that you"
        f' are led to into {file} as {{"code": "...", "redirect_uri": "ADDRESS"}}, just before a sync: a code lives for'
        " minutes only"
    )


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a Zendesk source."""

    url: str  # "https://acme.zendesk.com"
    auth: Credentials
    rate_share: float = 0.5  # our part of each rate limit; other integrations keep the rest
    page_size: int = 1000  # rows of a page of an export; use less if Zendesk's gateway times out
    keep_fields: tuple[str, ...] = ()  # custom ticket fields to keep, by id or title
    time_field: str | None = None  # the Time Tracking app's total, if renamed; id or title
    include_ratings_comment: bool = False  # store comments of surveys
    help_centers: bool = True  # read articles of the account's help centres
    voice: bool = True  # read calls
    messaging: bool = True  # read messaging engagements
    thanks: tuple[str, ...] = ()  # set by sync; further words of gratitude
    sketch_key: bytes = b""  # set by sync; keys the fingerprints of texts
    config_folder: str = ""  # set by sync; base of relative paths

    def __post_init__(self) -> None:
        try:
            parse_host(self.url)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        if not 0 < self.rate_share <= 1:
            raise ValueError("rate_share must be above 0 and at most 1")
        if not 1 <= self.page_size <= 1000:
            raise ValueError("page_size must be between 1 and 1000")
