"""What a search cuts short, worked off issue by issue: histories in bulk, and long conversations."""

from collections.abc import AsyncIterator

from connectors.jira_service_management import history, mapping, transports
from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.account import Account
from connectors.jira_service_management.mapping import Keep
from helpdesk_kpi.errors import BrokenError, MissingError
from helpdesk_kpi.model import AnyRecord, Changes, Replies
from helpdesk_kpi.pull.contract import Finding, Page, SetAside, Start, Todo
from helpdesk_kpi.pull.rows import UNREADABLE, map_rows, reason_of, rows

INTERNAL = "/internal"  # behind the key of an issue that no customer ever sees


async def changes(account: Account, start: Start) -> AsyncIterator[Page]:
    """Histories of the issues that changed, up to 1,000 a call. An issue is settled when its last page was read."""
    if not start.todo:
        yield Page(complete_until=start.now)
        return
    await account.me()
    keep = await account.keep(start.now)
    asked, left = history.asked(keep.team, keep.fields)
    if left:
        text = f"histories of more than {history.MOST_ASKED} fields are not read; left out: {', '.join(left)}"
        account.found.append(Finding(level="note", about="fields", text=text))
    size = account.site.ids_a_call
    for place in range(0, len(start.todo), size):
        batch = start.todo[place : place + size]
        torn: set[str] = set()  # issues of whose history a part cannot be read
        aside: list[SetAside] = []
        try:
            async for found in account.site.changes([todo.key for todo in batch], asked):
                page = _page(account, found, keep)
                torn |= {row.id.partition(" ")[0] for row in page.set_aside}
                yield page
        except MissingError:  # deleted meanwhile; asked for one by one only
            torn |= {todo.key for todo in batch}
        except BrokenError as error:
            if size > 1:  # not one issue's
                raise
            torn |= {todo.key for todo in batch}
            aside = [SetAside(f"history of {todo.key}", reason_of(error)) for todo in batch]
        known = [Changes(todo.key, todo.version, "unreadable" if todo.key in torn else "yes") for todo in batch]
        yield Page(records=known, done=batch, set_aside=aside, complete_until=whole_to(start, place + size))


def _page(account: Account, page: transports.Histories, keep: Keep) -> Page:
    records: list[AnyRecord] = []
    aside = list(page.aside)
    people: list[js.User] = []
    for one in page.found:
        try:
            good, bad = rows(one.change_histories, js.History)
        except BrokenError as error:
            aside.append(SetAside(f"{one.issue_id} history", reason_of(error)))
            continue
        aside += [SetAside(f"{one.issue_id} history {b.id}", b.reason) for b in bad]
        for row in good:
            people += [row.author] if row.author else []
            try:
                records += [*history.events(one.issue_id, row, keep.words, keep.field_ids)]
            except UNREADABLE as error:
                aside.append(SetAside(f"{one.issue_id} history {row.id}", reason_of(error)))
    return Page(records=[*mapping.records_of_people(people, keep.agents, account.met), *records], set_aside=aside)


def whole_to(start: Start, place: int) -> int:
    """Everything that changed before the next one in the queue is known."""
    return start.todo[place].version - 1 if place < len(start.todo) else start.now


async def comments(account: Account, start: Start) -> AsyncIterator[Page]:
    """Conversations of which a search showed a part, or on Data Center not who sees them; all of one in one page."""
    if not start.todo:
        yield Page(complete_until=start.now)
        return
    await account.me()
    keep = await account.keep(start.now)
    for place, todo in enumerate(start.todo, 1):
        yield await _conversation(account, todo, keep, whole_to(start, place))


async def _conversation(account: Account, todo: Todo, keep: Keep, whole: int) -> Page:
    issue, _, internal = todo.key.partition("/")
    try:
        found, aside = await transports.comments(account.http, account.site, issue)
    except MissingError:  # deleted meanwhile, or out of sight
        gone = [Replies(issue, todo.version, "unreadable")]
        return Page(records=gone, done=[todo], complete_until=whole)
    except BrokenError as error:
        gone = [Replies(issue, todo.version, "unreadable")]
        unread = [SetAside(f"comments of {issue}", reason_of(error))]
        return Page(records=gone, done=[todo], set_aside=unread, complete_until=whole)
    people = mapping.records_of_people([c.author for c in found if c.author], keep.agents, account.met)
    said, worse = map_rows(found, lambda row: [mapping.comment(issue, row, keep, service=not internal)])
    is_torn = bool(aside or worse)
    return Page(
        records=[*people, *said, Replies(issue, todo.version, "unreadable" if is_torn else "yes")],
        replaces=[] if is_torn else [("comment", issue)],
        done=[todo],
        set_aside=mapping.of_issue(issue, "comment", [*aside, *worse]),
        complete_until=whole,
    )
