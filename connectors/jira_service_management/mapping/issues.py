"""Issues as tickets with everything that a search has of them: pure functions."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.deployments import CHANNEL_PROPERTY
from connectors.jira_service_management.mapping import changelog, satisfaction, sla
from connectors.jira_service_management.mapping import rich_text as words
from connectors.jira_service_management.mapping.comments import decode_comments, map_comment, map_description
from connectors.jira_service_management.mapping.custom_fields import (
    convert_user,
    decode_field,
    get_objects,
    get_option,
    get_request_type,
    get_users,
    label_rejected,
    to_id,
    to_text,
)
from connectors.jira_service_management.mapping.labels import STATES, NameIndex
from connectors.jira_service_management.mapping.links import find_linked, get_merge_target, map_links
from connectors.jira_service_management.mapping.people import user_id
from connectors.jira_service_management.mapping.selection import JiraFields
from connectors.jira_service_management.mapping.worklogs import decode_worklogs, map_worklogs
from connectors.jira_service_management.payloads import ms
from helpdesk_kpi import model
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import decode_rows, map_rows
from helpdesk_kpi.text.comment import fingerprint

SERVICE = "service_desk"


class IssueRecords(msgspec.Struct, frozen=True):
    """Records of an issue, and which parts have to be fetched separately."""

    records: list[AnyRecord]
    ticket: model.Ticket
    rejected: list[RejectedRow]
    people: list[js.User]
    is_service: bool = True  # False: no customer sees it
    has_worklogs: bool | None = None  # True: all are here; None: the site has none

    @property
    def lacks_comments(self) -> bool:
        return self.ticket.replies_known == "pending"

    @property
    def lacks_changes(self) -> bool:
        return self.ticket.changes_known == "pending"


def map_issue(
    row: js.Issue, keep: JiraFields, called: Mapping[str, Collection[str]] | None = None, *, has_left: bool = False
) -> IssueRecords:
    """Map an issue: the ticket, its description, embedded comments and worklogs, SLA cycles and rating.

    Args:
        row: A row of a search.
        keep: Selected fields.
        called: Display names in lower case -> ids of accounts.
        has_left: It is in another project now, and was in a service project before.
    """
    fields = msgspec.json.decode(row.fields, type=js.Fields)
    custom = msgspec.json.decode(row.fields, type=dict[str, msgspec.Raw])
    created = ms(fields.created)
    is_service = has_left or fields.project.project_type_key == SERVICE
    rows, rejected, is_complete = decode_comments(row.id, fields)
    comments, unmapped = map_rows(rows, lambda one: [map_comment(row.id, one, keep, service=is_service)])
    logged, unread, has_worklogs = decode_worklogs(row.id, fields)
    time_entries, unread, spenders = map_worklogs(row.id, logged, unread)
    past = _read_history(row, keep, build_name_index(fields, keep, called or {}))
    people = [*_list_people(fields, custom, keep), *(c.author for c in rows if c.author), *spenders]
    ticket = _map_ticket(row, fields, custom, keep, created)
    ticket = msgspec.structs.replace(
        ticket,
        replies_known="yes" if is_complete and not (rejected or unmapped) else "pending",  # fetched separately
        changes_known="pending" if past is None else "yes",
    )
    channel = _get_channel(row.properties)
    first = map_description(row.id, created, user_id(fields.reporter), fields.description, keep.hosts, via=channel)
    records: list[AnyRecord] = [
        *_map_names(custom, keep), *_map_status_name(fields, keep), ticket, *map_links(row.id, fields, keep), first,
        *comments, *time_entries,
        *sla.map_sla(row.id, custom, keep.slas, keep.roles, keep.read_at),
    ]  # fmt: skip
    if past is not None:
        records += map_history(row.id, past, ticket, keep)
        people += past.people
    rating_fields = satisfaction.Fields(keep.rating, keep.rated_at)
    rated, bad = satisfaction.map_rating(row.id, custom, rating_fields, ms(fields.updated), user_id(fields.reporter))
    records += rated
    rejected = [*rejected, *label_rejected(row.id, "comment", unmapped), *unread, *bad]
    return IssueRecords(records, ticket, rejected, people, is_service, has_worklogs)


def map_history(issue_id: str, past: changelog.IssueHistory, ticket: model.Ticket, keep: JiraFields) -> list[AnyRecord]:
    """Map the complete history of an issue."""
    found = model.Changes(issue_id, ticket.version, came_at=get_arrival(past.moves, keep.projects))
    return [*past.names, *past.events, *changelog.map_absences(past.events, keep.projects), *past.unread, found]


def get_arrival(moves: Sequence[changelog.Move], projects: Collection[str]) -> int | None:
    """When an issue came to a selected project from another one; None: it was created in a selected one."""
    if not moves or moves[0].before is None or moves[0].before in projects:
        return None
    return next((move.at for move in moves if move.after in projects), None)


def build_name_index(fields: js.Fields, keep: JiraFields, called: Mapping[str, Collection[str]]) -> NameIndex:
    """Names and ids of the issue's current state, to resolve names in its history."""
    by_name = {("status", fields.status.name.casefold()): frozenset({fields.status.id})}
    if fields.priority is not None:
        by_name["priority", fields.priority.name.casefold()] = frozenset({fields.priority.id})
    people = {name: frozenset(ids) for name, ids in called.items()}
    for user in (fields.assignee, fields.reporter):
        if user is not None and user.display_name and (account_id := user_id(user)):
            people.setdefault(user.display_name.casefold(), frozenset({account_id}))
    return NameIndex(keep.labels, fields.project.id, by_name, people)


def _map_ticket(
    row: js.Issue, fields: js.Fields, custom: Mapping[str, msgspec.Raw], keep: JiraFields, created: int
) -> model.Ticket:
    updated = ms(fields.updated)
    text = words.parse_rich_text(fields.description).text
    request_type = get_request_type(custom, keep)
    kind = fields.issuetype.name or None if fields.issuetype else None
    return model.Ticket(
        id=row.id,
        number=row.key,
        url=f"{keep.url}/browse/{row.key}",
        created_at=created,
        updated_at=updated,
        version=updated,
        status=fields.status.id,
        subject=fields.summary or None,
        channel=_get_channel(row.properties),
        form=to_id(request_type.get("id")),
        type=kind,
        brand=fields.project.id,
        tags=tuple(fields.labels or ()),
        fields={
            entry: text_value
            for field_id, entry in keep.fields.items()
            if (text_value := to_text(decode_field(custom, field_id)))
        },
        priority=fields.priority.id if fields.priority else None,
        requester=user_id(fields.reporter),
        participants=_list_participants(fields, custom, keep),
        submitter=user_id(fields.creator),
        organization=next((to_id(o.get("id")) for o in get_objects(custom, keep.organizations)), None),
        team=get_option(custom, keep.team)[0],
        assignee=user_id(fields.assignee),
        problem=find_linked(fields, keep.problems, outward=False),
        merged_into=get_merge_target(fields, keep),
        tells_merges=True,
        sketch=fingerprint(fields.summary, text, keep.sketch_key) or None if keep.sketch_key else None,
        issue_type=kind,
        association=_get_association(fields, has_request=bool(request_type)),
        status_at=_get_status_time(fields),
        resolution=_get_resolution(fields),
    )


def _get_resolution(fields: js.Fields) -> str | None:
    """Id of the resolution, with which Jira treats an issue as done in any status; None: unresolved."""
    resolution = fields.resolution
    return None if resolution is None or resolution.name.casefold() in changelog.NO_RESOLUTION else resolution.id


def _get_status_time(fields: js.Fields) -> int | None:
    """Since when the issue is in its state: by its status category, or by an earlier resolution."""
    since, resolved = (_parse_time(one) for one in (fields.status_since, fields.resolved_at))
    is_done = STATES.get(fields.status.status_category.key) == "solved"
    if _get_resolution(fields) is None:
        return since if since is not None or not is_done else resolved
    ends = [at for at in (resolved, since if is_done else None) if at is not None]
    return min(ends, default=None)


def _parse_time(raw: str | int | None) -> int | None:
    try:
        return None if raw is None else ms(raw)
    except (ValueError, OverflowError):
        return None


def _get_association(fields: js.Fields, *, has_request: bool) -> model.Association | None:
    """Association: a sub-task, or a child without a request type, splits work inside the team."""
    if fields.issuetype is not None and fields.issuetype.subtask:
        return "subtask"
    return "child" if fields.parent is not None and not has_request else None


def _list_participants(fields: js.Fields, custom: Mapping[str, msgspec.Raw], keep: JiraFields) -> tuple[str, ...]:
    """Ids of participants and approvers on the customer's side, without the reporter."""
    found = [
        account_id
        for user in [*get_users(custom, keep.participants), *_list_approvers(custom, keep)]
        if (account_id := user_id(user))
    ]
    reporter = user_id(fields.reporter)
    return tuple(dict.fromkeys(one for one in found if one != reporter))


def _list_approvers(custom: Mapping[str, msgspec.Raw], keep: JiraFields) -> list[js.User]:
    """https://developer.atlassian.com/cloud/jira/service-desk/rest/api-group-request/#api-rest-servicedeskapi-request-issueidorkey-approval-get"""
    found: list[js.User] = []
    for approval in get_objects(custom, keep.approvals):
        approvers = approval.get("approvers")
        for one in approvers if isinstance(approvers, list) else ():
            user = convert_user(one.get("approver")) if isinstance(one, dict) else None
            found += [user] if user is not None and user_id(user) else []
    return found


def _read_history(row: js.Issue, keep: JiraFields, names: NameIndex) -> changelog.IssueHistory | None:
    """The history, if the search has all of it, else None."""
    if row.changelog is None:
        return None
    found, rejected = decode_rows(row.changelog.histories, js.History)
    total = row.changelog.total
    if rejected or total is None or total > len(found):  # fetched separately
        return None
    past = changelog.read_history(row.id, found, keep.words, keep.field_ids, names)
    return None if past.rejected else past


def _get_channel(properties: Mapping[str, Any] | None) -> str | None:
    """Channel of a request; None: the issue was created in Jira without a request.

    https://support.atlassian.com/jira-service-management-cloud/docs/request-channel-types/
    """
    raw = (properties or {}).get(CHANNEL_PROPERTY)
    channel = raw.get("value") if isinstance(raw, dict) else raw
    return str(channel).lower() if channel else None


def _list_people(fields: js.Fields, custom: Mapping[str, msgspec.Raw], keep: JiraFields) -> list[js.User]:
    users = [u for u in (fields.reporter, fields.creator, fields.assignee) if u is not None]
    return [*users, *get_users(custom, keep.participants), *_list_approvers(custom, keep)]


def map_status(row: js.Status) -> model.Name:
    return model.Name("status", row.id, row.name, STATES.get(row.status_category.key, "open"))


def _map_status_name(fields: js.Fields, keep: JiraFields) -> list[model.Name]:
    """Name of a status that no list has, such as one of a single project."""
    return [map_status(fields.status)] if keep.labels.is_gone("status", fields.status.id) else []


def _map_names(custom: Mapping[str, msgspec.Raw], keep: JiraFields) -> Iterator[AnyRecord]:
    """Names of request type, organizations and team."""
    request_type = get_request_type(custom, keep)
    if row_id := to_id(request_type.get("id")):
        yield model.Name("form", row_id, str(request_type.get("name") or row_id))
    for organization in get_objects(custom, keep.organizations):
        if row_id := to_id(organization.get("id")):
            yield model.Name("organization", row_id, str(organization.get("name") or row_id))
    team, label = get_option(custom, keep.team)
    if team:
        yield model.Team(team, label or team)
