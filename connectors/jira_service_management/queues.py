"""What a search cuts short, worked off issue by issue: histories in bulk, and long conversations."""

from collections.abc import AsyncIterator, Sequence

from connectors.jira_service_management import history, mapping, transports
from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.account import Account
from connectors.jira_service_management.mapping import Keep
from helpdesk_kpi.errors import MissingError
from helpdesk_kpi.model import AnyRecord, Changes, Replies
from helpdesk_kpi.pull.contract import Finding, Page, SetAside, Start, Todo
from helpdesk_kpi.pull.rows import rows

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
        known: list[Changes] = [Changes(todo.key, todo.version) for todo in batch]
        try:
            async for found in account.site.changes([todo.key for todo in batch], asked):
                yield _page(account, found, keep)
        except MissingError:  # deleted meanwhile; asked for one by one only
            known = [Changes(todo.key, todo.version, "unreadable") for todo in batch]
        yield Page(records=known, done=batch, complete_until=whole_to(start, place + size))


def _page(account: Account, found: Sequence[js.IssueChanges], keep: Keep) -> Page:
    records: list[AnyRecord] = []
    aside: list[SetAside] = []
    people: list[js.User] = []
    for one in found:
        good, bad = rows(one.change_histories, js.History)
        aside += [SetAside(f"{one.issue_id} history {b.id}", b.reason) for b in bad]
        for row in good:
            people += [row.author] if row.author else []
            try:
                records += history.events(one.issue_id, row, keep.words, keep.field_ids)
            except (ValueError, OverflowError) as error:
                aside.append(SetAside(f"{one.issue_id} history {row.id}", f"{type(error).__name__}: {error}"))
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
    people = mapping.records_of_people([c.author for c in found if c.author], keep.agents, account.met)
    said = [mapping.comment(issue, row, keep, service=not internal) for row in found]
    return Page(
        records=[*people, *said, Replies(issue, todo.version)],
        replaces=[("comment", issue)],
        done=[todo],
        set_aside=mapping.of_issue(issue, "comment", aside),
        complete_until=whole,
    )
