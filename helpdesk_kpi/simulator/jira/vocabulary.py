"""Jira's ids and names for what the desk calls otherwise. Names are in the desk's language; ids never change."""

from collections.abc import Mapping

import msgspec

from helpdesk_kpi.simulator.world.phrases import Words
from helpdesk_kpi.simulator.world.support_desk import BASE, FORMS, TEAMS

CLOUD_ID = "simulated-cloud"
AGENTS = ("5d1c3f6e-0000-4000-8000-000000000001", "service-desk-agents")  # the agents' group: its id and its name
AUTOMATION, REPORTS = BASE + 1, BASE + 2  # accounts outside the desk: the rules' app, and the API user


class Project(msgspec.Struct, frozen=True):
    """`own_statuses`: a team-managed project has statuses of its own, with the same names and other ids."""

    id: str
    key: str
    name: str
    kind: str = "service_desk"
    desk: str | None = None  # id of its service desk
    own_statuses: bool = False
    archived: bool = False


SUPPORT = Project("10001", "SUP", "Support", desk="1")
INTAKE = Project("10002", "ORDER", "Orders", desk="2", own_statuses=True)  # its key is a word of JQL
SOFTWARE = Project("10003", "DEV", "Development", kind="software")
ARCHIVED = Project("10004", "OLD", "Old desk", desk="3", archived=True)
PROJECTS = (SUPPORT, INTAKE, SOFTWARE, ARCHIVED)

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
#: id, key, name, colour of a status category. https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-workflow-status-categories/
CATEGORIES = {"new": (2, "new", "To Do", "blue-gray"), "solved": (3, "done", "Done", "green")}
CATEGORIES |= {"closed": CATEGORIES["solved"]}
_IN_PROGRESS = (4, "indeterminate", "In Progress", "yellow")
#: What some statuses were in the workflow of old, whose own ones were deleted when the last issue had left them.
OLD_STATUSES = {"pending": "old pending", "solved": "old solved"}
_OLD_IDS = {"old pending": "10190", "old solved": "10191"}
CATEGORIES |= {"old solved": CATEGORIES["solved"]}
PRIORITIES = {"urgent": "1", "high": "2", "normal": "3", "low": "4"}
DONE, DUPLICATE = "10000", "10002"  # resolutions
TYPES = {"question": "10101", "incident": "10102", "problem": "10103"}
TASK = "10104"

REQUEST_TYPE, ORGANIZATIONS, PARTICIPANTS = "customfield_10010", "customfield_10042", "customfield_10043"
FIRST_RESPONSE, RESOLUTION = "customfield_10030", "customfield_10031"
TO_CLOSE, VENDOR = "customfield_10032", "customfield_10033"  # SLAs whose names say "resolution" too
DAYS_LAST_COMMENTED, FIRST_RESPONSE_DATE = "customfield_10034", "customfield_10035"
SATISFACTION, SATISFACTION_DATE = "customfield_10040", "customfield_10041"
TEAM, CATEGORY, GO_LIVE = "customfield_10200", "customfield_10201", "customfield_10300"

_ENGLISH = {
    "new": "Waiting for support", "open": "In progress", "pending": "Waiting for customer", "hold": "Pending",
    "solved": "Resolved", "closed": "Closed", "old pending": "Waiting", "old solved": "Fixed",
    "1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest",
    DONE: "Done", "10001": "Won't do", DUPLICATE: "Duplicate",
    TYPES["question"]: "Service request", TYPES["incident"]: "Incident", TYPES["problem"]: "Problem", TASK: "Task",
    REQUEST_TYPE: "Request Type", ORGANIZATIONS: "Organizations", PARTICIPANTS: "Request participants",
    FIRST_RESPONSE: "Time to first response", RESOLUTION: "Time to resolution",
    TO_CLOSE: "Time to close after resolution", VENDOR: "Time to vendor resolution",
    DAYS_LAST_COMMENTED: "Days since last comment", FIRST_RESPONSE_DATE: "[CHART] Date of First Response",
    SATISFACTION: "Satisfaction", SATISFACTION_DATE: "Satisfaction date", TEAM: "Support team", CATEGORY: "Category",
    GO_LIVE: "Go-live", "hours": "{}h {}m", "team": "Team {}", "form": "Form {}", "24": "General request",
}  # fmt: skip
_CHINESE = _ENGLISH | {
    "new": "等待支持", "open": "处理中", "pending": "等待客户", "hold": "待定", "solved": "已解决", "closed": "已关闭",
    "old pending": "等待中", "old solved": "已修复",
    "1": "最高", "2": "高", "3": "中", "4": "低", "5": "最低",
    DONE: "完成", "10001": "不处理", DUPLICATE: "重复",
    TYPES["question"]: "服务请求", TYPES["incident"]: "事件", TYPES["problem"]: "问题", TASK: "任务",
    REQUEST_TYPE: "请求类型", ORGANIZATIONS: "组织", PARTICIPANTS: "请求参与者",
    FIRST_RESPONSE: "首次响应时间", RESOLUTION: "解决时间", TO_CLOSE: "解决后关闭时间", VENDOR: "供应商解决时间",
    SATISFACTION: "满意度", SATISFACTION_DATE: "满意度日期", TEAM: "支持团队", CATEGORY: "类别",
    GO_LIVE: "上线日期", "24": "一般请求", "hours": "{}小时{}分钟",
}  # fmt: skip


def names(words: Words) -> Mapping[str, str]:
    return _CHINESE if words.family_first else _ENGLISH


def category(status: str) -> tuple[int, str, str, str]:
    return CATEGORIES.get(status, _IN_PROGRESS)


def status_id(status: str, project: Project) -> str:
    if status in _OLD_IDS:
        return _OLD_IDS[status]
    return str((10200 if project.own_statuses else 10100) + STATUSES.index(status))


def type_id(kind: str | None) -> str:
    """A ticket without a type is a service request."""
    return TYPES[kind or "question"]


def team_option(words: Words, team: int) -> tuple[str, str]:
    """Id and label of a choice of the team field."""
    if team in TEAMS:
        return str(10300 + TEAMS.index(team)), words.teams[TEAMS.index(team)]
    return str(team), names(words)["team"].format(team)


def category_option(words: Words, value: str) -> tuple[str, str]:
    topics = list(words.topics)
    if value in topics:
        return str(10400 + topics.index(value)), words.topics[value].title
    return f"c-{value}", value


def form_type(words: Words, form: int | None) -> tuple[str, str]:
    """Id and name of the request type of a form; tickets without a form have a general one."""
    if form is None:
        return "24", names(words)["24"]
    if form in FORMS:
        return str(25 + FORMS.index(form)), words.forms[FORMS.index(form)]
    return str(form), names(words)["form"].format(form)
