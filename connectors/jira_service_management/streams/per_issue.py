"""Parts of issues that a search cuts: histories in bulk, and long conversations."""

from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec

from connectors.jira_service_management import deployments
from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.account import SiteState
from connectors.jira_service_management.mapping import changelog, people
from connectors.jira_service_management.mapping.changelog import Move
from connectors.jira_service_management.mapping.comments import map_comment
from connectors.jira_service_management.mapping.custom_fields import label_rejected
from connectors.jira_service_management.mapping.issues import build_name_index, get_arrival
from connectors.jira_service_management.mapping.labels import NameIndex
from connectors.jira_service_management.mapping.selection import JiraFields
from helpdesk_kpi.errors import BrokenError, MissingError
from helpdesk_kpi.model import AnyRecord, Changes, Event, Replies
from helpdesk_kpi.pull.contract import Finding, Page, RejectedRow, Start, Todo
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, decode_rows, get_reason, map_rows

INTERNAL = "/internal"  # behind the key of an issue that no customer ever sees


async def fetch_changelogs(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Histories of the issues that changed, up to 1,000 a call. An issue is settled when its last page was read."""
    if not start.todo:
        yield Page(complete_until=start.now)
        return
    await account.me()
    keep = await account.keep(start.now, with_labels=True)
    fields, left = changelog.select_history_fields(keep.team, keep.fields)
    if left:
        text = f"histories of more than {changelog.MAX_FIELDS} fields are not read; left out: {', '.join(left)}"
        account.findings.append(Finding(level="note", about="fields", text=text))
    size = account.site.ids_a_call
    for place in range(0, len(start.todo), size):
        batch = start.todo[place : place + size]
        torn: set[str] = set()  # issues of whose history a part cannot be read
        rejected: list[RejectedRow] = []
        moves: dict[str, list[Move]] = {}
        try:
            async for found in account.site.changes([todo.key for todo in batch], fields):
                page = await _map_changelogs(account, found, keep)
                for record in page.records:
                    if isinstance(record, Event) and record.field == "brand":
                        moves.setdefault(record.ticket, []).append(Move(record.at, record.before, record.after))
                torn |= {row.id.partition(" ")[0] for row in page.rejected}
                yield page
        except MissingError:  # deleted meanwhile; only single requests meet it
            torn |= {todo.key for todo in batch}
        except BrokenError as error:
            if size > 1:  # not one issue's
                raise
            torn |= {todo.key for todo in batch}
            rejected = [RejectedRow(f"history of {todo.key}", get_reason(error)) for todo in batch]
        states = [_map_changes_state(todo, moves, keep, is_torn=todo.key in torn) for todo in batch]
        yield Page(
            records=states, done=batch, rejected=rejected, complete_until=get_complete_until(start, place + size)
        )


def _map_changes_state(todo: Todo, moves: Mapping[str, Sequence[Move]], keep: JiraFields, *, is_torn: bool) -> Changes:
    came_at = get_arrival(sorted(moves.get(todo.key, ()), key=lambda m: m.at), keep.projects)
    return Changes(todo.key, todo.version, "unreadable" if is_torn else "yes", came_at)


async def _map_changelogs(account: SiteState, page: deployments.Histories, keep: JiraFields) -> Page:
    records: list[AnyRecord] = []
    rejected = list(page.rejected)
    users: list[js.User] = []
    names = NameIndex(keep.labels, people=account.called)
    for one in page.found:
        try:
            good, bad = decode_rows(one.change_histories, js.History)
        except BrokenError as error:
            rejected.append(RejectedRow(f"{one.issue_id} history", get_reason(error)))
            continue
        rejected += [RejectedRow(f"{one.issue_id} history {b.id}", b.reason) for b in bad]
        account.meet(row.author for row in good if row.author)
        past = changelog.read_history(one.issue_id, good, keep.words, keep.field_ids, names)
        if past.unread:  # the current state of the issue resolves more names
            past = changelog.read_history(
                one.issue_id, good, keep.words, keep.field_ids, await _load_name_index(account, one, keep)
            )
        records += [*past.names, *past.events, *changelog.map_absences(past.events, keep.projects), *past.unread]
        rejected += past.rejected
        users += past.people
    return Page(
        records=[*people.map_people(users, keep.team_of, account.met, keep.read_at), *records], rejected=rejected
    )


async def _load_name_index(account: SiteState, one: js.IssueChanges, keep: JiraFields) -> NameIndex:
    fields_to_read = ["status", "priority", "assignee", "reporter", "project", "created", "updated"]
    found, _ = await account.site.by_id([one.issue_id], fields_to_read)
    for row in found:
        try:
            fields = msgspec.json.decode(row.fields, type=js.Fields)
        except UNREADABLE_ERRORS:
            continue
        return build_name_index(fields, keep, account.called)
    return NameIndex(keep.labels, people=account.called)


def get_complete_until(start: Start, place: int) -> int:
    """Epoch ms up to which the stream is complete: just before the next issue in the queue."""
    return start.todo[place].version - 1 if place < len(start.todo) else start.now


async def fetch_comments(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Fetch conversations that a search cut, or that lack visibility on Data Center; one page for each issue."""
    if not start.todo:
        yield Page(complete_until=start.now)
        return
    await account.me()
    keep = await account.keep(start.now)
    for place, todo in enumerate(start.todo, 1):
        yield await _fetch_conversation(account, todo, keep, get_complete_until(start, place))


async def _fetch_conversation(account: SiteState, todo: Todo, keep: JiraFields, complete_until: int) -> Page:
    issue, _, internal = todo.key.partition("/")
    try:
        found, rejected = await deployments.fetch_comments(account.http, account.site, issue)
    except MissingError:  # deleted or hidden meanwhile
        unreadable = [Replies(issue, todo.version, "unreadable")]
        return Page(records=unreadable, done=[todo], complete_until=complete_until)
    except BrokenError as error:
        unreadable = [Replies(issue, todo.version, "unreadable")]
        unread = [RejectedRow(f"comments of {issue}", get_reason(error))]
        return Page(records=unreadable, done=[todo], rejected=unread, complete_until=complete_until)
    authors = [c.author for c in found if c.author]
    account.meet(authors)
    people_records = people.map_people(authors, keep.team_of, account.met, keep.read_at)
    events, unmapped = map_rows(found, lambda row: [map_comment(issue, row, keep, service=not internal)])
    is_torn = bool(rejected or unmapped)
    return Page(
        records=[*people_records, *events, Replies(issue, todo.version, "unreadable" if is_torn else "yes")],
        replaces=[] if is_torn else [("comment", issue)],
        done=[todo],
        rejected=label_rejected(issue, "comment", [*rejected, *unmapped]),
        complete_until=complete_until,
    )
