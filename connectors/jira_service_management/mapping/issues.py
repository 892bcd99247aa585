"""From issues to records: pure functions."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.deployments import CHANNEL_PROPERTY
from connectors.jira_service_management.mapping import changelog, satisfaction, sla
from connectors.jira_service_management.mapping import rich_text as words
from connectors.jira_service_management.mapping.labels import Labels, NameIndex
from connectors.jira_service_management.mapping.people import Team, user_id
from connectors.jira_service_management.payloads import ms
from helpdesk_kpi import model
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import UNREADABLE, decode_rows, joined, map_rows, reason_of
from helpdesk_kpi.text.comment import RULES_VERSION, fingerprint
from helpdesk_kpi.text.comment import extract_features as read_text

T = TypeVar("T")
#: A status category -> our state. https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-workflow-status-categories/
STATES = {"new": "new", "done": "solved"}
CREATED = "created"  # the id of the comment that an issue's description is
INTERNAL = "sd.public.comment"  # a comment's property that says whether it is internal
SERVICE = "service_desk"


class FieldSelection(msgspec.Struct, frozen=True):
    """What of an issue is read, by the configuration and by the fields that were found."""

    url: str  # of the site, "https://acme.atlassian.net"
    hosts: frozenset[str] = frozenset()  # whose articles are ours
    read_at: int = 0
    sketch_key: bytes = b""
    thanks: tuple[str, ...] = ()  # own words of gratitude
    team_of: Team = Team()
    projects: Mapping[str, str] = {}  # ids of the projects that are read -> their keys
    labels: Labels = Labels()
    fields: Mapping[str, str] = {}  # custom field's id -> the word the configuration uses for it
    team: str | None = None
    field_ids: Mapping[str, str] = {}  # names of kept fields -> their ids; Data Center's histories have names only
    request_type: str | None = None
    organizations: str | None = None
    participants: str | None = None
    approvals: str | None = None
    rating: str | None = None
    rated_at: str | None = None
    slas: Mapping[str, str] = {}  # field's id -> its name
    roles: Mapping[str, str] = {}  # SLA's or its field's id -> what it promises
    duplicates: frozenset[str] = frozenset()  # link types, by id or name in lower case
    duplicate_resolutions: frozenset[str] = frozenset()
    problems: frozenset[str] = frozenset()
    development: frozenset[str] = frozenset()

    @property
    def words(self) -> dict[str, str]:
        """Fields whose changes are kept: id in histories -> our word."""
        own = {self.team: "team"} if self.team else {}
        return {**changelog.FIELDS, **own, **self.fields}


class IssueRecords(msgspec.Struct, frozen=True):
    """What an issue gives, and what of it has to be fetched apart."""

    records: list[AnyRecord]
    ticket: model.Ticket
    aside: list[RejectedRow]
    people: list[js.User]
    is_service: bool = True  # else no customer sees it
    has_worklogs: bool | None = None  # all of them came along; None: nothing is told of any

    @property
    def lacks_comments(self) -> bool:
        return self.ticket.replies_known == "pending"

    @property
    def lacks_changes(self) -> bool:
        return self.ticket.changes_known == "pending"


def map_issue(
    row: js.Issue, keep: FieldSelection, called: Mapping[str, Collection[str]] | None = None, *, has_left: bool = False
) -> IssueRecords:
    """The ticket, the comment that made it, its comments as far as they came along, SLA runs and its rating.

    Args:
        row: As a search brings it.
        keep: What of it is read.
        called: Names of accounts.
        has_left: It is in another project now, and was in a service project when its customer was answered.
    """
    fields = msgspec.json.decode(row.fields, type=js.Fields)
    custom = msgspec.json.decode(row.fields, type=dict[str, msgspec.Raw])
    created = ms(fields.created)
    is_service = has_left or fields.project.project_type_key == SERVICE
    said, aside, whole = _decode_comments(row.id, fields)
    comments, worse = map_rows(said, lambda one: [map_comment(row.id, one, keep, service=is_service)])
    logged, unread, has_worklogs = _decode_worklogs(row.id, fields)
    spent, unread, spenders = map_worklogs(row.id, logged, unread)
    past = _read_history(row, keep, build_name_index(fields, keep, called or {}))
    people = [*_list_people(fields, custom, keep), *(c.author for c in said if c.author), *spenders]
    ticket = _map_ticket(row, fields, custom, keep, created)
    ticket = msgspec.structs.replace(
        ticket,
        replies_known="yes" if whole and not (aside or worse) else "pending",  # asked for apart
        changes_known="pending" if past is None else "yes",
    )
    channel = _get_channel(row.properties)
    first = map_description(row.id, created, user_id(fields.reporter), fields.description, keep.hosts, via=channel)
    records: list[AnyRecord] = [
        *_map_names(custom, keep), *_map_status_name(fields, keep), ticket, *_map_links(row.id, fields, keep), first,
        *comments, *spent,
        *sla.map_sla(row.id, custom, keep.slas, keep.roles, keep.read_at),
    ]  # fmt: skip
    if past is not None:
        records += map_history(row.id, past, ticket, keep)
        people += past.people
    when = satisfaction.Fields(keep.rating, keep.rated_at)
    rated, bad = satisfaction.map_rating(row.id, custom, when, ms(fields.updated), user_id(fields.reporter))
    records += rated
    aside = [*aside, *label_rejected(row.id, "comment", worse), *unread, *bad]
    return IssueRecords(records, ticket, aside, people, is_service, has_worklogs)


def map_history(
    issue_id: str, past: changelog.IssueHistory, ticket: model.Ticket, keep: FieldSelection
) -> list[AnyRecord]:
    """Records of a whole history that came along with the issue."""
    found = model.Changes(issue_id, ticket.version, came_at=get_arrival(past.moves, keep.projects))
    return [*past.names, *past.events, *changelog.map_absences(past.events, keep.projects), *past.unread, found]


def get_arrival(moves: Sequence[changelog.Move], projects: Collection[str]) -> int | None:
    """When an issue came to a project that is read from one that is not; None: it began in one that is."""
    if not moves or moves[0].before is None or moves[0].before in projects:
        return None
    return next((move.at for move in moves if move.after in projects), None)


def build_name_index(fields: js.Fields, keep: FieldSelection, called: Mapping[str, Collection[str]]) -> NameIndex:
    """What the issue's present state says about the names in its history."""
    own = {("status", fields.status.name.casefold()): frozenset({fields.status.id})}
    if fields.priority is not None:
        own["priority", fields.priority.name.casefold()] = frozenset({fields.priority.id})
    people = {name: frozenset(ids) for name, ids in called.items()}
    for user in (fields.assignee, fields.reporter):
        if user is not None and user.display_name and (named := user_id(user)):
            people.setdefault(user.display_name.casefold(), frozenset({named}))
    return NameIndex(keep.labels, fields.project.id, own, people)


def _map_ticket(
    row: js.Issue, fields: js.Fields, custom: Mapping[str, msgspec.Raw], keep: FieldSelection, created: int
) -> model.Ticket:
    updated = ms(fields.updated)
    text = words.parse_rich_text(fields.description).text
    request_type = _get_request_type(custom, keep)
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
        form=_to_id(request_type.get("id")),
        type=kind,
        brand=fields.project.id,
        tags=tuple(fields.labels or ()),
        fields={word: plain for own, word in keep.fields.items() if (plain := to_text(_decode_field(custom, own)))},
        priority=fields.priority.id if fields.priority else None,
        requester=user_id(fields.reporter),
        participants=_list_participants(fields, custom, keep),
        submitter=user_id(fields.creator),
        organization=next((_to_id(o.get("id")) for o in _get_objects(custom, keep.organizations)), None),
        team=_get_option(custom, keep.team)[0],
        assignee=user_id(fields.assignee),
        problem=_find_linked(fields, keep.problems, outward=False),
        merged_into=_get_merge_target(fields, keep),
        tells_merges=True,
        sketch=fingerprint(fields.summary, text, keep.sketch_key) or None if keep.sketch_key else None,
        issue_type=kind,
        association=_get_association(fields, has_request=bool(request_type)),
        status_at=_get_status_time(fields),
        resolution=_get_resolution(fields),
    )


def _get_resolution(fields: js.Fields) -> str | None:
    """By which Jira takes an issue as ended, whatever its status."""
    given = fields.resolution
    return None if given is None or given.name.casefold() in changelog.NO_RESOLUTION else given.id


def _get_status_time(fields: js.Fields) -> int | None:
    """Since when it is as it is: its status's category, or its resolution where that came first."""
    since, resolved = (_parse_time(one) for one in (fields.status_since, fields.resolved_at))
    is_done = STATES.get(fields.status.status_category.key) == "solved"
    if _get_resolution(fields) is None:
        return since if since is not None or not is_done else resolved
    ends = [at for at in (resolved, since if is_done else None) if at is not None]
    return min(ends, default=None)


def _parse_time(given: str | int | None) -> int | None:
    try:
        return None if given is None else ms(given)
    except (ValueError, OverflowError):
        return None


def _get_association(fields: js.Fields, *, has_request: bool) -> model.Association | None:
    """A sub-task splits work inside the team; so does what hangs below another issue and is nobody's request."""
    if fields.issuetype is not None and fields.issuetype.subtask:
        return "subtask"
    return "child" if fields.parent is not None and not has_request else None


def _get_merge_target(fields: js.Fields, keep: FieldSelection) -> str | None:
    """The issue that it was closed as a duplicate of: the first in a project that is read. None: it ended otherwise."""
    ends = [end for end in _list_linked(fields, keep.duplicates, outward=True) if _is_selected(end, keep)]
    is_done = STATES.get(fields.status.status_category.key) == "solved"
    how = fields.resolution
    if not ends or not (is_done or how):
        return None
    is_duplicate = how is None or not {how.id, how.name.casefold()}.isdisjoint(keep.duplicate_resolutions)
    return ends[0].id if is_duplicate else None


def _is_selected(end: js.Other, keep: FieldSelection) -> bool:
    """Whether its project is read, as far as its key tells."""
    return not end.project or not keep.projects or end.project in keep.projects.values()


def _list_participants(fields: js.Fields, custom: Mapping[str, msgspec.Raw], keep: FieldSelection) -> tuple[str, ...]:
    """Who takes part on the customer's side: participants and approvers."""
    found = [
        own
        for user in [*_get_users(custom, keep.participants), *_list_approvers(custom, keep)]
        if (own := user_id(user))
    ]
    reporter = user_id(fields.reporter)
    return tuple(dict.fromkeys(one for one in found if one != reporter))


def _list_approvers(custom: Mapping[str, msgspec.Raw], keep: FieldSelection) -> list[js.User]:
    """https://developer.atlassian.com/cloud/jira/service-desk/rest/api-group-request/#api-rest-servicedeskapi-request-issueidorkey-approval-get"""
    found: list[js.User] = []
    for approval in _get_objects(custom, keep.approvals):
        approvers = approval.get("approvers")
        for one in approvers if isinstance(approvers, list) else ():
            user = _convert_user(one.get("approver")) if isinstance(one, dict) else None
            found += [user] if user is not None and user_id(user) else []
    return found


def map_description(
    issue_id: str, at: int, reporter: str | None, description: Any, hosts: Collection[str], *, via: str | None = None
) -> model.Event:
    """The description is what the customer first said, whoever typed it: an agent on the telephone, a form, a bot."""
    return _map_text(
        description, ticket=issue_id, own=CREATED, at=at, actor=reporter, public=True, hosts=hosts, via=via
    )


def map_comment(issue_id: str, row: js.Comment, keep: FieldSelection, *, service: bool) -> model.Event:
    return _map_text(
        row.body, ticket=issue_id, own=f"comment:{row.id}", at=ms(row.created), actor=user_id(row.author),
        public=is_public(row) and service, hosts=keep.hosts, seq=changelog.get_order(row.id),
        thanks=keep.thanks,
    )  # fmt: skip


def is_public(row: js.Comment) -> bool:
    """Whether the customer sees it. Everything is, where nothing says otherwise, outside of service projects too."""
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
    own: str,
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
        id=own,
        at=at,
        seq=seq,
        kind="comment",
        actor=actor,
        via=via,
        public=public,
        length=found.length if found else None,
        is_thanks=found.is_thanks if found else None,
        is_question=found.is_question if found else None,
        text_rule=RULES_VERSION if found else None,
        articles=found.articles if found else (),
        codes=found.codes if found else (),
    )


def _decode_comments(issue_id: str, fields: js.Fields) -> tuple[list[js.Comment], list[RejectedRow], bool]:
    """Comments that came along, and whether they are all and say who sees them.

    Data Center does not say there who sees them.
    """
    page = fields.comment
    if page is None:
        return [], [], False
    given, total = (page, len(page)) if isinstance(page, list) else (page.comments, page.total)
    found, aside, are_all = _decode_embedded(given, total, js.Comment)
    told = [c for c in found if c.jsd_public is not None]
    return told, label_rejected(issue_id, "comment", aside), len(told) == len(found) and are_all


def _decode_worklogs(issue_id: str, fields: js.Fields) -> tuple[list[js.Worklog], list[RejectedRow], bool | None]:
    """Worklogs that came along, and whether they are all; None where nothing is told, since nobody may write any."""
    page = fields.worklog
    if page is None:
        return [], [], None
    given, total = (page, len(page)) if isinstance(page, list) else (page.worklogs, page.total)
    found, aside, are_all = _decode_embedded(given, total, js.Worklog)
    return found, label_rejected(issue_id, "worklog", aside), are_all


def _decode_embedded(
    given: msgspec.Raw | list[msgspec.Raw], total: int | None, kind: type[T]
) -> tuple[list[T], list[RejectedRow], bool]:
    """What a search brought of an issue's comments or worklogs, twenty at most, and whether that is known to be all."""
    found, aside = decode_rows(joined(given) if isinstance(given, list) else given, kind)
    return found, aside, total is not None and total <= len(found) + len(aside)


def label_rejected(issue_id: str, what: str, aside: Sequence[RejectedRow]) -> list[RejectedRow]:
    """Rows that were set aside, named by their issue."""
    return [RejectedRow(f"{issue_id} {what} {one.id}", one.reason) for one in aside]


def map_worklogs(
    issue_id: str, found: Sequence[js.Worklog], aside: Sequence[RejectedRow] = ()
) -> tuple[list[model.TimeEntry], list[RejectedRow], list[js.User]]:
    """Time entries, rows that cannot be read, and who wrote them down. The day that counts is the one of the work."""
    made: list[model.TimeEntry] = []
    bad = list(aside)
    for row in found:
        try:
            made.append(
                model.TimeEntry(
                    id=row.id, ticket=issue_id, at=ms(row.started), spent=row.time_spent_seconds * 1000,
                    agent=user_id(row.author),
                )
            )  # fmt: skip
        except UNREADABLE as error:
            bad.append(RejectedRow(f"{issue_id} worklog {row.id}", reason_of(error)))
    return made, bad, [row.author for row in found if row.author]


def _read_history(row: js.Issue, keep: FieldSelection, known: NameIndex) -> changelog.IssueHistory | None:
    """The history, where the search brought all of it."""
    if row.changelog is None:
        return None
    found, aside = decode_rows(row.changelog.histories, js.History)
    total = row.changelog.total
    if aside or total is None or total > len(found):  # the rest, and what cannot be read, is asked for apart
        return None
    past = changelog.read_history(row.id, found, keep.words, keep.field_ids, known)
    return None if past.aside else past


def _get_channel(properties: Mapping[str, Any] | None) -> str | None:
    """How a request came in; what was made in Jira without a request has no such property.

    https://support.atlassian.com/jira-service-management-cloud/docs/request-channel-types/
    """
    told = (properties or {}).get(CHANNEL_PROPERTY)
    word = told.get("value") if isinstance(told, dict) else told
    return str(word).lower() if word else None


def _map_links(issue_id: str, fields: js.Fields, keep: FieldSelection) -> Iterator[model.TicketLink]:
    for kind, types, outward in (("merge", keep.duplicates, True), ("problem", keep.problems, False)):
        if other := _find_linked(fields, types, outward=outward):
            yield model.TicketLink(issue_id, other, kind)
    for link in fields.issuelinks or ():
        if _has_type(link, keep.development):
            ends = [end for end in (link.outward_issue, link.inward_issue) if end is not None]
            yield from (model.TicketLink(issue_id, end.id, "development") for end in ends)


def _has_type(link: js.IssueLink, types: Collection[str]) -> bool:
    return not {link.type.id, link.type.name.casefold()}.isdisjoint(types)


def _find_linked(fields: js.Fields, types: Collection[str], *, outward: bool) -> str | None:
    return next((end.id for end in _list_linked(fields, types, outward=outward)), None)


def _list_linked(fields: js.Fields, types: Collection[str], *, outward: bool) -> Iterator[js.Other]:
    """The issues at the other ends of links of these types, in their order."""
    for link in fields.issuelinks or ():
        end = link.outward_issue if outward else link.inward_issue
        if end is not None and _has_type(link, types):
            yield end


# people


def _list_people(fields: js.Fields, custom: Mapping[str, msgspec.Raw], keep: FieldSelection) -> list[js.User]:
    named = [u for u in (fields.reporter, fields.creator, fields.assignee) if u is not None]
    return [*named, *_get_users(custom, keep.participants), *_list_approvers(custom, keep)]


# names


def map_status(row: js.Status) -> model.Name:
    return model.Name("status", row.id, row.name, STATES.get(row.status_category.key, "open"))


def _map_status_name(fields: js.Fields, keep: FieldSelection) -> list[model.Name]:
    """A status that no list has, as those of single projects may be, is named by the issue."""
    return [map_status(fields.status)] if keep.labels.is_gone("status", fields.status.id) else []


def _map_names(custom: Mapping[str, msgspec.Raw], keep: FieldSelection) -> Iterator[AnyRecord]:
    """What the issue says about the things around it."""
    request_type = _get_request_type(custom, keep)
    if own := _to_id(request_type.get("id")):
        yield model.Name("form", own, str(request_type.get("name") or own))
    for organization in _get_objects(custom, keep.organizations):
        if own := _to_id(organization.get("id")):
            yield model.Name("organization", own, str(organization.get("name") or own))
    team, label = _get_option(custom, keep.team)
    if team:
        yield model.Team(team, label or team)


# values of custom fields: null, absent and of another shape than last week are all alike


def _decode_field(custom: Mapping[str, msgspec.Raw], field: str | None) -> Any:
    raw = custom.get(field) if field else None
    return None if raw is None else msgspec.json.decode(raw)


def _get_object(custom: Mapping[str, msgspec.Raw], field: str | None) -> dict[str, Any]:
    found = _decode_field(custom, field)
    return found if isinstance(found, dict) else {}


def _get_objects(custom: Mapping[str, msgspec.Raw], field: str | None) -> list[dict[str, Any]]:
    found = _decode_field(custom, field)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _get_request_type(custom: Mapping[str, msgspec.Raw], keep: FieldSelection) -> dict[str, Any]:
    told = _get_object(custom, keep.request_type).get("requestType")
    return told if isinstance(told, dict) else {}


def _get_users(custom: Mapping[str, msgspec.Raw], field: str | None) -> list[js.User]:
    """Those of them that can be read."""
    return [user for one in _get_objects(custom, field) if (user := _convert_user(one)) is not None]


def _convert_user(told: object) -> js.User | None:
    try:
        return msgspec.convert(told, js.User)
    except UNREADABLE:
        return None


def _get_option(custom: Mapping[str, msgspec.Raw], field: str | None) -> tuple[str | None, str | None]:
    """Id and label of a choice: of a list's option, of a group, or of an Atlassian team. A text is both."""
    found = _decode_field(custom, field)
    if isinstance(found, list):
        found = next(iter(found), None)
    if isinstance(found, dict):
        label = to_text(found)
        return _to_id(found.get("id") or found.get("groupId") or found.get("name")), label
    plain = to_text(found)
    return plain, plain


def to_text(given: Any) -> str | None:
    """A field's value as text: choices and people by their label, lists as "a, b", null and "" as None."""
    match given:
        case None | "" | []:
            return None
        case bool():
            return str(given).lower()
        case str() | int() | float():
            return str(given)
        case list():
            return ", ".join(text for one in given if (text := to_text(one))) or None
        case dict():
            label = given.get("value") or given.get("name") or given.get("title") or given.get("displayName")
            child = given.get("child")
            text = to_text(label) or msgspec.json.encode(given).decode()
            return f"{text} / {to_text(child)}" if isinstance(child, dict) else text
    return str(given)


def _to_id(given: Any) -> str | None:
    return None if given in (None, "") else str(given)
