"""The changelog and comments of one issue.

A ticket's creation has no history: Jira tells first values only by what later changes came from.
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-changelog-bulkfetch-post
"""

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import msgspec

from helpdesk_kpi.simulator.jira.site import SimulatedSite
from helpdesk_kpi.simulator.jira.vocabulary import (
    CATEGORY,
    DONE,
    DUPLICATE,
    INTAKE,
    OLD_STATUSES,
    PRIORITIES,
    REQUEST_TYPE,
    SOFTWARE,
    SUPPORT,
    TEAM,
    Project,
    category_option,
    form_type,
    status_id,
    team_option,
    type_id,
)
from helpdesk_kpi.simulator.world.clock import DAY, MINUTE
from helpdesk_kpi.simulator.world.facts import SYSTEM, Comment, Created, Moved
from helpdesk_kpi.simulator.world.phrases import Words
from helpdesk_kpi.simulator.world.ticket_history import DONE as ARE_DONE
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory, TicketUpdate
from helpdesk_kpi.simulator.world.world import World

Item = dict[str, Any]
_PER_ISSUE = 10_000  # ids of histories and comments are the issue's number times this, and a place
_LINKS, _SECURITY, _AWAY = 5000, 9000, 9500
FAR = 1 << 62
FIRST_OF_SOFTWARE = 9_000_000  # issues of a project that is no desk have numbers above


class History(msgspec.Struct, frozen=True):
    """`author` None: Jira does not say who."""

    at: int
    id: int
    author: int | None
    items: list[Item]


class JiraComment(msgspec.Struct, frozen=True):
    at: int
    id: int
    author: int
    comment: Comment


def _worklog_instants(site: SimulatedSite, story: TicketHistory) -> list[int]:
    """When time was written down, corrected or taken back: all of it moves the issue, unless the world says not."""
    return [] if site.world.silent_hours else [fact.at for fact in story.timed]


class SimulatedIssueHistory:
    """The histories and comments of one issue, all of them, in order; and where and when it can be seen."""

    def __init__(self, site: SimulatedSite, story: TicketHistory) -> None:
        self.site, self.story = site, story
        self.move = _move(site, story)
        self.moved_at = story.saves[self.move].at if self.move is not None else None
        self.hidden = _hidden(site, story)
        entries = [*self._saved(), *self._links(), *self._secured(), *self._away()]
        self.histories = sorted(entries, key=lambda h: (h.at, h.id))
        if not site.cloud:
            self._strip()
        self.comments = [
            JiraComment(save.at, story.ticket * _PER_ISSUE + place, save.fact.actor, save.fact.comment)
            for place, save in enumerate(story.saves)
            if save.fact.comment is not None and not isinstance(save.fact, Created)
        ]
        self.bumps = sorted(
            {
                *story.saved_at,
                *story.touched,
                *(history.at for history in self.histories),
                *_worklog_instants(site, story),
            }
        )

    def updated(self, at: int) -> int:
        """What fields.updated says as of then. A vote on the answer does not move it."""
        return self.bumps[bisect_right(self.bumps, at) - 1]

    def there(self, at: int) -> bool:
        """Not deleted, which leaves no trace, and not behind a security level that the account does not pass."""
        gone = self.story.deleted_at is not None and self.story.deleted_at <= at
        hidden = self.hidden is not None and self.hidden[0] <= at < self.hidden[1]
        return self.story.created.at <= at and not gone and not hidden

    def project(self, at: int) -> Project:
        """Every so many tickets come in elsewhere and are moved by the first agent who writes."""
        away = self.story.moved_at is not None and self.story.moved_at <= at
        if away or self.story.ticket > FIRST_OF_SOFTWARE:
            return SOFTWARE
        return INTAKE if began_elsewhere(self.story) and (self.moved_at is None or at < self.moved_at) else SUPPORT

    def key(self, at: int) -> str:
        return f"{self.project(at).key}-{self.story.ticket}"

    def all_keys(self) -> set[str]:
        """All that it was ever called; old keys keep leading to it."""
        before = [] if self.story.moved_at is None else [self.story.moved_at - 1]
        return {self.key(at) for at in (self.story.created.at, *before, self.bumps[-1])}

    def called(self, status: str) -> str:
        """Its status in the workflow that it has."""
        return OLD_STATUSES.get(status, status) if self.story.created.old_statuses else status

    # --- histories

    def _saved(self) -> list[History]:
        found, state = [], {}  # type: tuple[list[History], dict[str, Any]]
        for place, save in enumerate(self.story.saves):
            fact, before = save.fact, dict(state)
            state.update(save.changes)
            changes = fact.by_trigger if isinstance(fact, Created) else save.changes
            items = [item for field in changes for item in self._items(save, field, save.before.get(field))]
            if place == self.move:
                items = [item for item in items if item["field"] != "status"]
                items += _move_items(self, before["status"], state["status"])
            if items:
                author = self._author(save)
                found.append(History(save.at, self.story.ticket * _PER_ISSUE + place, author, items))
        return found

    def _author(self, save: TicketUpdate) -> int | None:
        """Some closings by the rules do not say who it was."""
        if isinstance(save.fact, Created):
            return SYSTEM
        silent = save.changes.get("status") == "closed" and save.fact.actor == SYSTEM and self.story.ticket % 7 == 0
        return None if silent else save.fact.actor

    def _items(self, save: TicketUpdate, field: str, before: Any) -> list[Item]:
        if field == "status":
            return self._status(save, before)
        came, to = self._id_and_name(field, before), self._id_and_name(field, save.changes[field])
        if came == to:
            return []  # Jira has nothing like it
        custom = {"team": TEAM, "category": CATEGORY, "form": REQUEST_TYPE}.get(field, "")
        label = self.site.names[custom] if custom else {"type": "issuetype"}.get(field, field)
        item = _item(label, *came, *to, custom=custom)
        if field == "assignee" and self.site.cloud:
            item |= {"tmpFromAccountId": came[0], "tmpToAccountId": to[0]}
        return [item]

    def _id_and_name(self, field: str, value: Any) -> tuple[str | None, str | None]:
        """A value's id and name."""
        site = self.site
        label: tuple[str | None, str | None] = (None, None)
        match field, value:
            case "type", _:
                label = type_id(value), site.names[type_id(value)]
            case _, None:
                pass
            case "priority", _:
                label = PRIORITIES[value], site.names[PRIORITIES[value]]
            case "assignee", _:
                label = site.person_id(value), site.account(value).name
            case (("team" | "category" | "form"), _):
                label = _CHOICES[field](site.words, value)
        return label

    def _status(self, save: TicketUpdate, before: str) -> list[Item]:
        """With the resolution, which Jira sets on the way into done and clears on the way out."""
        new, names, project = save.changes["status"], self.site.names, self.project(save.at)
        was, now = self.called(before), self.called(new)
        items = [_item("status", status_id(was, project), names[was], status_id(now, project), names[now])]
        if (before in ARE_DONE) != (new in ARE_DONE):
            how = (resolution(save), names[resolution(save)])
            items.append(
                _item("resolution", None, None, *how) if new in ARE_DONE else _item("resolution", *how, None, None)
            )
        return items

    def _links(self) -> list[History]:
        """Noise: remote links without an author; on some issues more than an embedded changelog holds."""
        number = self.story.ticket
        count = 0 if number % 5 else 2 if number % 50 else 45
        item = {"field": "RemoteIssueLink", "fieldtype": "jira", "from": None, "fromString": None}
        return [
            History(self.story.created.at + (i + 1) * 13 * MINUTE, number * _PER_ISSUE + _LINKS + i, None,
                    [item | {"to": str(90_000 + i), "toString": f'This work item links to "Page {i}"'}])
            for i in range(count)
        ]  # fmt: skip

    def _away(self) -> list[History]:
        """It goes to a project that is no desk."""
        moved = next((fact for fact in self.story.facts if isinstance(fact, Moved)), None)
        if moved is None:
            return []
        came, number = self.project(moved.at - 1), self.story.ticket
        items = [
            _item("project", came.id, came.name, SOFTWARE.id, SOFTWARE.name),
            {"field": "Key", "fieldtype": "jira", "from": None, "fromString": f"{came.key}-{number}", "to": None,
             "toString": f"{SOFTWARE.key}-{number}"},
        ]  # fmt: skip
        return [History(moved.at, number * _PER_ISSUE + _AWAY, moved.actor, items)]

    def _strip(self) -> None:
        """Histories of Data Center name their fields and do not give their ids."""
        for history in self.histories:
            for item in history.items:
                item.pop("fieldId", None)

    def _secured(self) -> list[History]:
        number = self.story.ticket * _PER_ISSUE + _SECURITY
        level = ("10500", "Confidential")
        return [] if self.hidden is None else [
            History(self.hidden[0], number, SYSTEM, [_item("security", None, None, *level)]),
            History(self.hidden[1], number + 1, SYSTEM, [_item("security", *level, None, None)]),
        ]  # fmt: skip


_CHOICES: dict[str, Callable[[Words, Any], tuple[str, str]]] = {
    "team": team_option, "category": category_option, "form": form_type,
}  # fmt: skip


def old_statuses_until(world: World) -> int:
    """When the statuses of old were deleted: the last ticket had left them."""
    stories = [story for story in world.stories.values() if story.created.old_statuses]
    left = [s.at for story in stories for s in story.saves if s.before.get("status") in OLD_STATUSES]
    stay = any(story.saves[-1].at <= world.now and story.state(FAR)["status"] in OLD_STATUSES for story in stories)
    return FAR if stay else max(left, default=0)


def resolution(save: TicketUpdate) -> str:
    return DUPLICATE if getattr(save.fact, "merged_into", None) else DONE


def began_elsewhere(story: TicketHistory) -> bool:
    return story.ticket % 53 == 17


def _move(site: SimulatedSite, story: TicketHistory) -> int | None:
    """The place of the save that moves it: the first that an agent writes in."""
    if not began_elsewhere(story):
        return None
    for place, save in enumerate(story.saves):
        if not isinstance(save.fact, Created) and save.fact.comment and _agent(site, save.fact.actor, save.at):
            return place
    return None


def _agent(site: SimulatedSite, number: int, at: int) -> bool:
    account = site.world.accounts.get(number)
    return account is not None and not account.bot and account.role_at(at) != "customer"


def _hidden(site: SimulatedSite, story: TicketHistory) -> tuple[int, int] | None:
    """A few are out of sight for two days, long before the end."""
    since = story.created.at + 3 * DAY
    return (since, since + 2 * DAY) if story.ticket % 40 == 23 and since + 2 * DAY < site.world.desk.end else None


def _move_items(track: SimulatedIssueHistory, before: str, after: str) -> list[Item]:
    """The new project has other statuses, so even one that stays the same gets another id."""
    number, names = track.story.ticket, track.site.names
    before, after = track.called(before), track.called(after)
    return [
        _item("status", status_id(before, INTAKE), names[before], status_id(after, SUPPORT), names[after]),
        _item("project", INTAKE.id, INTAKE.name, SUPPORT.id, SUPPORT.name),
        {"field": "Key", "fieldtype": "jira", "from": None, "fromString": f"{INTAKE.key}-{number}", "to": None,
         "toString": f"{SUPPORT.key}-{number}"},
    ]  # fmt: skip


def _item(
    field: str, came: str | None, came_name: str | None, to: str | None, to_name: str | None, *, custom: str = ""
) -> Item:
    kind = "custom" if custom else "jira"
    return {"field": field, "fieldtype": kind, "fieldId": custom or field, "from": came, "fromString": came_name,
            "to": to, "toString": to_name}  # fmt: skip


def software(site: SimulatedSite) -> list[TicketHistory]:
    """Two internal issues in a project that is no service desk; they are not tickets."""
    team = [a for a in site.world.desk.accounts if not a.bot and a.roles[0][1] != "customer"]
    return [
        TicketHistory(FIRST_OF_SOFTWARE + i, [Created(ticket=FIRST_OF_SOFTWARE + i, at=site.world.desk.start + i * DAY,
              requester=who.id, subject="Worker restarts", status="open", priority="normal")])
        for i, who in enumerate(team[:2], 1)
    ]  # fmt: skip
