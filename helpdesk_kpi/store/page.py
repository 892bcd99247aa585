"""What one request to a helpdesk brought: the unit in which the store is written."""

from collections.abc import Mapping, Sequence

import msgspec

from helpdesk_kpi.model import AnyRecord


class RejectedRow(msgspec.Struct, frozen=True):
    """A row that could not be read. It never stops a page; `status` counts it and `doctor` shows why."""

    id: str
    reason: str


class Todo(msgspec.Struct, frozen=True, order=True):
    """A thing that a queue stream has to fetch, and which version of it. Fetched once, a version is not asked again."""

    version: int
    key: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What one request brought, oldest change first. It is stored whole or not at all."""

    records: Sequence[AnyRecord] = ()
    cursor: str | None = None  # where to go on; null keeps the stored one
    complete_until: int | None = None  # the stream is known to be whole up to this instant
    rejected: Sequence[RejectedRow] = ()
    replaces: Sequence[tuple[str, str]] = ()  # (record kind, parent id) whose children this page gives completely
    present: Mapping[str, Sequence[str]] = {}  # census: record kind -> all ids that exist
    within: str | None = None  # a census of tickets: of this brand only
    gone: Mapping[str, Sequence[str]] = {}  # record kind -> ids of which the helpdesk says that they were deleted
    todo: Mapping[str, Sequence[Todo]] = {}  # queue stream -> what it has to fetch
    done: Sequence[Todo] = ()  # what this page settles of its own queue
