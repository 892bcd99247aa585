"""One issue as Jira shows it as of the world's now: one function a field."""

from collections.abc import Callable, Mapping
from typing import Any

from helpdesk_kpi.simulator.jira import sla
from helpdesk_kpi.simulator.jira.history import History, JiraComment, SimulatedIssueHistory, resolution
from helpdesk_kpi.simulator.jira.payload_shapes import name_object, organization, project, request_type, status
from helpdesk_kpi.simulator.jira.site import SimulatedSite
from helpdesk_kpi.simulator.jira.vocabulary import (
    CATEGORY,
    DAYS_LAST_COMMENTED,
    FIRST_RESPONSE_DATE,
    GO_LIVE,
    ORGANIZATIONS,
    PARTICIPANTS,
    PRIORITIES,
    REQUEST_TYPE,
    SATISFACTION,
    SATISFACTION_DATE,
    SOFTWARE,
    TEAM,
    Project,
    category,
    category_option,
    team_option,
    type_id,
)
from helpdesk_kpi.simulator.world.facts import Answered, Update
from helpdesk_kpi.simulator.world.ticket_history import DONE, TicketHistory, TicketUpdate, state_after
from helpdesk_kpi.simulator.world.time_entries import TimeEntryFact, entries

COMMENTS, HISTORIES, WORKLOGS = 20, 40, 20  # what a search embeds at most
FIRST_ISSUE = 100_000
SURVEY_SCALE = 5
_MS_BEFORE = -30  # resolutiondate is a little earlier than its history
_CHANNELS = {"email": "email", "web": "portal", "api": "api"}


def issue_id(ticket: int) -> str:
    return str(FIRST_ISSUE + ticket)


MISSING = object()
"""A field that is not on the issue's screen is null here and absent there."""


class IssueView:
    """One issue as of the world's now."""

    def __init__(self, site: SimulatedSite, tracks: Mapping[int, SimulatedIssueHistory], number: int) -> None:
        self.site, self.tracks, self.track = site, tracks, tracks[number]
        self.number, self.now = number, site.world.now
        self.story: TicketHistory = self.track.story
        self.saves = self.story.until(self.now)
        self.state = state_after(self.saves)
        self.project: Project = self.track.project(self.now)

    @property
    def id(self) -> str:
        return issue_id(self.number)

    @property
    def key(self) -> str:
        return self.track.key(self.now)

    @property
    def url(self) -> str:
        return f"{self.site.api}/issue/{self.id}"

    def head(self) -> dict[str, Any]:
        expands = "operations,versionedRepresentations,editmeta,changelog,customfield_10010.requestTypePractice"
        return {"expand": expands, "id": self.id, "self": self.url, "key": self.key}

    # --- changelog and comments

    def histories(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return [self.history(history) for history in self.track.histories if history.at <= self.now]

    def history(self, history: History) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": str(history.id)}
        if history.author is not None:
            shown["author"] = self.site.person(history.author)
        return shown | {"created": self.site.when(history.at), "items": history.items}

    def changelog(self) -> dict[str, Any]:
        """In a search, Cloud embeds the newest ones and no more; Data Center all, oldest first."""
        rows = self.histories()
        kept = rows[::-1][:HISTORIES] if self.site.cloud else rows
        return {"startAt": 0, "maxResults": len(kept), "total": len(rows), "histories": kept}

    def public_comments(self) -> list[JiraComment]:
        return [said for said in self.track.comments if said.at <= self.now]

    def comments(self) -> Any:
        rows = self.public_comments()
        kept = rows[:COMMENTS] if self.site.cloud else rows
        return {"comments": [self.comment(one) for one in kept], "self": f"{self.url}/comment",
                "maxResults": len(kept), "total": len(rows), "startAt": 0}  # fmt: skip

    def comment(self, said: JiraComment, *, properties: bool = False) -> dict[str, Any]:
        """Cloud says whether the customer sees it; Data Center tells that in a property, to who asks for those.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
        """
        author, created = self.site.person(said.author), self.site.when(said.at)
        shown = {"self": f"{self.url}/comment/{said.id}", "id": str(said.id), "author": author,
                 "body": self.site.text(said.comment), "updateAuthor": author, "created": created,
                 "updated": created}  # fmt: skip
        if self.site.cloud:
            shown["jsdPublic"] = said.comment.public
        if properties:
            internal = {"key": "sd.public.comment", "value": {"internal": not said.comment.public}}
            shown["properties"] = [internal]
        return shown

    def all_worklogs(self) -> list[TimeEntryFact]:
        """Time entries, including deleted ones."""
        return entries(self.story, self.now)

    def worklogs(self) -> list[TimeEntryFact]:
        return [entry for entry in self.all_worklogs() if entry.seconds]

    def embedded_worklogs(self) -> Any:
        """The oldest ones, on Data Center too; the field is not there where time tracking is switched off."""
        if "worklogs" in self.site.world.plan_without:
            return MISSING
        rows = self.worklogs()
        return {"startAt": 0, "maxResults": WORKLOGS, "total": len(rows),
                "worklogs": [self.worklog(entry) for entry in rows[:WORKLOGS]]}  # fmt: skip

    def worklog(self, entry: TimeEntryFact) -> dict[str, Any]:
        author, minutes = self.site.person(entry.agent), entry.seconds // 60
        return {"self": f"{self.url}/worklog/{entry.id}", "author": author, "updateAuthor": author,
                "created": self.site.when(entry.at), "updated": self.site.when(entry.changed_at),
                "started": self.site.when(entry.at), "timeSpent": f"{minutes}m",
                "timeSpentSeconds": entry.seconds, "id": str(entry.id), "issueId": self.id}  # fmt: skip

    def property(self, name: str) -> Any:
        """https://support.atlassian.com/jira-service-management-cloud/docs/request-channel-types/"""
        return {"value": self.channel()} if name == "request.channel.type" else None

    def channel(self) -> str:
        """Portal, email or api; what an agent wrote down or sent out was made in Jira itself, unless it was raised on
        behalf of a customer.
        """
        created = self.story.created
        by_agent = created.submitter not in {None, created.requester} and created.writer is None
        return "jira" if by_agent else _CHANNELS.get(created.channel, "api")

    # --- fields

    def status(self) -> dict[str, Any]:
        return status(self.site, self.track.called(self.state["status"]), self.project)

    def last_category_change(self) -> TicketUpdate:
        """The save that brought the category of status that it has now."""
        last = self.saves[0]
        for save in self.saves[1:]:
            if "status" in save.changes and category(save.changes["status"]) != category(save.before["status"]):
                last = save
        return last

    def solved(self) -> TicketUpdate | None:
        return (
            self.last_category_change()
            if self.state["status"] in DONE and self.last_category_change() is not self.saves[0]
            else None
        )

    def resolution(self) -> dict[str, Any] | None:
        solved = self.solved()
        return None if solved is None else name_object(self.site, "resolution", resolution(solved))

    def priority(self) -> dict[str, Any] | None:
        value = self.state["priority"]
        return None if value is None else name_object(self.site, "priority", PRIORITIES[value])

    def issue_type(self) -> dict[str, Any]:
        return name_object(self.site, "issuetype", type_id(self.state["type"])) | {
            "subtask": False,
            "hierarchyLevel": 0,
        }

    def assignee(self) -> dict[str, Any] | None:
        who = self.state["assignee"]
        return None if who is None else self.site.person(who)

    def labels(self) -> list[str]:
        added = [tag for save in self.saves for tag in getattr(save.fact, "add_tags", ())]
        return sorted({*self.story.created.tags, *added})

    def links(self) -> list[dict[str, Any]]:
        """To the ticket that it is a duplicate of, and to the problem that it is an incident of."""
        kinds = {"Duplicate": ("is duplicated by", "duplicates"), "Problem/Incident": ("is caused by", "causes")}
        merged = [s.fact.merged_into for s in self.saves if isinstance(s.fact, Update) and s.fact.merged_into]
        pairs = [("Duplicate", "outwardIssue", other) for other in merged]
        pairs += [("Problem/Incident", "inwardIssue", other) for other in (self.story.created.problem,) if other]
        return [
            {"id": str(self.number * 10 + i), "self": f"{self.site.api}/issueLink/{self.number * 10 + i}",
             "type": {"id": str(10000 + len(name)), "name": name, "inward": kinds[name][0], "outward": kinds[name][1]},
             end: {"id": issue_id(other), "key": self.tracks[other].key(self.now)}}
            for i, (name, end, other) in enumerate(pairs)
            if other in self.tracks
        ]  # fmt: skip

    def request_type(self) -> Any:
        """What an agent created without the portal is no request, and has none; nor has an issue that is elsewhere."""
        form = self.state["form"]
        if self.channel() == "jira" or self.project is SOFTWARE:
            return None
        web = f"{self.site.base}/servicedesk/customer/portal/{self.project.desk}/{self.key}"
        turned = next(s for s in reversed(self.saves) if "status" in s.changes)
        return {
            "_links": {"jiraRest": self.url, "web": web, "agent": f"{self.site.base}/browse/{self.key}",
                       "self": f"{self.site.base}/rest/servicedeskapi/request/{self.id}"},
            "requestType": request_type(self.site, form, self.state["type"], self.project),
            "currentStatus": {"status": self.site.names[self.track.called(self.state["status"])],
                              "statusCategory": category(self.state["status"])[1].upper(),
                              "statusDate": self.site.date(turned.at)},
        }  # fmt: skip

    def answer(self) -> Answered | None:
        """The last answer to the survey wins, and the earlier ones are gone."""
        without = self.site.world.plan_without
        answers = [answer for answer in self.story.answered if answer.at <= self.now and "overall" in answer.ratings]
        return answers[-1] if answers and "csat" not in without else None

    def satisfaction(self) -> Any:
        """No recording has a value, so both shapes that clients expect occur."""
        answer = self.answer()
        if answer is None:
            return None if self.number % 2 else MISSING
        rating = answer.ratings["overall"]
        return {"rating": rating, "scale": SURVEY_SCALE} if self.number % 2 else rating

    def organizations(self) -> list[dict[str, Any]]:
        number = self.site.world.accounts[self.story.created.requester].organization
        return [] if number is None else [organization(self.site, number)]

    def option(self, pair: tuple[str, str]) -> dict[str, Any]:
        return {"self": f"{self.site.api}/customFieldOption/{pair[0]}", "value": pair[1], "id": pair[0]}

    def go_live(self) -> Any:
        """A mistyped date; such years occur on real sites."""
        return "51502-10-05T02:00:00.000+0200" if self.number % 37 == 5 else None if self.number % 2 else MISSING

    def sla(self, field: str) -> Any:
        without = self.site.world.plan_without
        link = f"{self.site.base}/rest/servicedeskapi/request/{self.id}"
        return None if "slas" in without else sla.value(self.site, self.story, field, link)


def _project(view: IssueView) -> dict[str, Any]:
    return project(view.site, view.project)


FIELDS: dict[str, Callable[[IssueView], Any]] = {
    "summary": lambda view: view.story.created.subject,
    "description": lambda view: view.site.text(view.story.created.comment),
    "created": lambda view: view.site.when(view.story.created.at),
    "updated": lambda view: view.site.when(view.track.updated(view.now)),
    "status": IssueView.status,
    "statuscategorychangedate": lambda view: (
        view.site.when(view.last_category_change().at) if view.site.cloud else MISSING
    ),
    "resolution": IssueView.resolution,
    "resolutiondate": lambda view: (done := view.solved()) and view.site.when(done.at, _MS_BEFORE),
    "priority": IssueView.priority,
    "issuetype": IssueView.issue_type,
    "project": _project,
    "reporter": lambda view: view.site.person(view.story.created.requester),
    "creator": lambda view: view.site.person(view.story.created.submitter or view.story.created.requester),
    "assignee": IssueView.assignee,
    "labels": IssueView.labels,
    "issuelinks": IssueView.links,
    "comment": IssueView.comments,
    "worklog": IssueView.embedded_worklogs,
    REQUEST_TYPE: IssueView.request_type,
    **{field: lambda view, field=field: view.sla(field) for field in sla.SLAS},  # type: ignore[misc]
    DAYS_LAST_COMMENTED: lambda view: str(view.number % 9),
    FIRST_RESPONSE_DATE: lambda view: None if view.number % 2 else MISSING,
    SATISFACTION: IssueView.satisfaction,
    SATISFACTION_DATE: lambda view: (answer := view.answer()) and view.site.when(answer.at),
    ORGANIZATIONS: IssueView.organizations,
    PARTICIPANTS: lambda _view: [],
    TEAM: lambda view: None if (t := view.state["team"]) is None else view.option(team_option(view.site.words, t)),
    CATEGORY: lambda view: (
        None if (c := view.state["category"]) is None else view.option(category_option(view.site.words, c))
    ),
    GO_LIVE: IssueView.go_live,
}
