"""`[sources.NAME]` of a Freshdesk account."""

import re
from urllib.parse import urlsplit

import msgspec

from helpdesk_kpi.errors import ConfigError
from helpdesk_kpi.pull.auth import Auth, Basic
from helpdesk_kpi.pull.hosts import is_loopback, parse_host
from helpdesk_kpi.secret import Secret

_HOME = ".freshdesk.com"
_ADVICE = "The key is in the profile settings of an agent (an admin's key can read everything); a new key replaces it"
#: What Freshdesk itself proposes as the note on a ticket that is merged away, in English and in Chinese.
_MERGED_NOTE = r"(?:merged into ticket|合并到工单)\s*(?:id:?\s*)?#?\s*(\d+)"


class _Key(Basic):
    """The key is the name; the password is any text, and no secret."""

    def __init__(self, key: str) -> None:
        super().__init__(key, Secret("X"), advice=_ADVICE)
        self._key = Secret(key)

    def secrets(self) -> tuple[str, ...]:
        return (self._key.reveal(), self._pair.reveal())


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The API key of an agent."""

    key: str

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("expected { key }, the API key of an agent")

    def __repr__(self) -> str:
        return "Credentials(***)"

    def auth(self) -> Auth:
        return _Key(self.key)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a Freshdesk source is told."""

    url: str  # "acme", "acme.freshdesk.com" or any address of its pages; a domain of your own cannot be asked
    auth: Credentials
    rate_share: float = 0.5  # the part of the account's limit that is ours; the rest is left to other integrations
    page_size: int = 100  # rows a page, at most 100
    keep_fields: tuple[str, ...] = ()  # custom ticket fields to keep, by name (cf_...) or label
    conversations_per_run: int = 5000  # requests for conversations in one sync, one a changed ticket; 0: no limit
    include_ratings_comment: bool = False  # keep what customers wrote into surveys
    activities: bool = True  # read the daily export of activities, where the account still has it
    solutions: bool = True  # read articles
    languages: tuple[str, ...] = ()  # of articles, beside the primary one: "de", "zh-CN"
    keep_samples: bool = False  # count the tickets that a new account is filled with
    merged_note: str = ""  # regular expression of the note on a merged ticket, with the other's number as its group
    thanks: tuple[str, ...] = ()  # set by sync; own words of gratitude
    sketch_key: bytes = b""  # set by sync; keys the sketches of texts

    def __post_init__(self) -> None:
        try:
            parse_host(self.address)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        if not 0 < self.rate_share <= 1:
            raise ValueError("rate_share must be above 0 and at most 1")
        if not 1 <= self.page_size <= 100:
            raise ValueError("page_size must be between 1 and 100")
        if self.conversations_per_run < 0:
            raise ValueError("conversations_per_run must not be below 0")
        try:
            has_group = self.merged_note_pattern.groups == 1
        except re.error as error:
            raise ValueError(f"merged_note is no regular expression: {error}") from None
        if not has_group:
            raise ValueError("merged_note must have one group, the number of the other ticket")

    @property
    def merged_note_pattern(self) -> re.Pattern[str]:
        return re.compile(self.merged_note or _MERGED_NOTE, re.IGNORECASE)

    @property
    def address(self) -> str:
        """ "https://acme.freshdesk.com" out of what people write; ValueError for another domain."""
        parts = urlsplit(self.url if "://" in self.url else f"https://{self.url}")
        host = parts.hostname or ""
        if is_loopback(host):
            return f"{parts.scheme}://{parts.netloc}"
        if "." not in host:
            host += _HOME
        if not host.endswith(_HOME) or host == _HOME:
            # https://developers.freshdesk.com/api/#getting-started
            raise ValueError(f"{self.url!r}: Freshdesk's API answers on NAME{_HOME} only, not on a domain of your own")
        return f"{parts.scheme}://{host}"
