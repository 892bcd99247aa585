"""Comments and descriptions as events."""

from collections.abc import Collection
from typing import Any

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.mapping import changelog
from connectors.jira_service_management.mapping import rich_text as words
from connectors.jira_service_management.mapping.custom_fields import decode_embedded, label_rejected
from connectors.jira_service_management.mapping.people import user_id
from connectors.jira_service_management.mapping.selection import JiraFields
from connectors.jira_service_management.payloads import ms
from helpdesk_kpi import model
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.text.comment import extract_features as read_text
from helpdesk_kpi.text.comment import feature_fields

CREATED = "created"  # event id of the description


INTERNAL = "sd.public.comment"  # a comment's property that says whether it is internal


def map_description(
    issue_id: str, at: int, reporter: str | None, description: Any, hosts: Collection[str], *, via: str | None = None
) -> model.Event:
    """Map the description as the customer's first message, even if an agent, a form or a bot wrote it."""
    return _map_text(
        description, ticket=issue_id, event_id=CREATED, at=at, actor=reporter, public=True, hosts=hosts, via=via
    )


def map_comment(issue_id: str, row: js.Comment, keep: JiraFields, *, service: bool) -> model.Event:
    return _map_text(
        row.body, ticket=issue_id, event_id=f"comment:{row.id}", at=ms(row.created), actor=user_id(row.author),
        public=is_public(row) and service, hosts=keep.hosts, seq=changelog.get_order(row.id),
        thanks=keep.thanks,
    )  # fmt: skip


def is_public(row: js.Comment) -> bool:
    """Whether the customer sees a comment: yes, unless a restriction or property says otherwise."""
    if row.visibility is not None and row.visibility.is_restricted:
        return False
    if row.jsd_public is not None:
        return row.jsd_public
    internal = next((p.value for p in row.properties or () if p.key == INTERNAL), None)
    return not (isinstance(internal, dict) and internal.get("internal") in {True, "true"})


def _map_text(
    body: Any,
    *,
    ticket: str,
    event_id: str,
    at: int,
    actor: str | None,
    public: bool,
    hosts: Collection[str],
    seq: int = 0,
    thanks: tuple[str, ...] = (),
    via: str | None = None,
) -> model.Event:
    written = words.parse_rich_text(body)
    found = read_text(written.text, written.links or None, hosts=hosts, thanks=thanks) if body is not None else None
    return model.Event(
        ticket=ticket,
        id=event_id,
        at=at,
        seq=seq,
        kind="comment",
        actor=actor,
        via=via,
        public=public,
        **feature_fields(found),
    )


def decode_comments(issue_id: str, fields: js.Fields) -> tuple[list[js.Comment], list[RejectedRow], bool]:
    """Embedded comments with a visibility, rejected rows, and whether these are all comments.

    Data Center embeds comments without visibility.
    """
    page = fields.comment
    if page is None:
        return [], [], False
    raw_rows, total = (page, len(page)) if isinstance(page, list) else (page.comments, page.total)
    found, rejected, are_all = decode_embedded(raw_rows, total, js.Comment)
    with_visibility = [c for c in found if c.jsd_public is not None]
    return (
        with_visibility,
        label_rejected(issue_id, "comment", rejected),
        len(with_visibility) == len(found) and are_all,
    )
