"""Links between issues: merges, problems and development work."""

from collections.abc import Collection, Iterator

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.mapping.labels import STATES
from connectors.jira_service_management.mapping.selection import JiraFields
from helpdesk_kpi import model


def get_merge_target(fields: js.Fields, keep: JiraFields) -> str | None:
    """The issue that this one is a closed duplicate of, in a selected project; None: it is none."""
    ends = [end for end in _list_linked(fields, keep.duplicates, outward=True) if _is_selected(end, keep)]
    is_done = STATES.get(fields.status.status_category.key) == "solved"
    resolution = fields.resolution
    if not ends or not (is_done or resolution):
        return None
    is_duplicate = resolution is None or not {resolution.id, resolution.name.casefold()}.isdisjoint(
        keep.duplicate_resolutions
    )
    return ends[0].id if is_duplicate else None


def _is_selected(end: js.Other, keep: JiraFields) -> bool:
    """Whether the linked issue is in a selected project, by its key; True if the key is unknown."""
    return not end.project or not keep.projects or end.project in keep.projects.values()


def map_links(issue_id: str, fields: js.Fields, keep: JiraFields) -> Iterator[model.TicketLink]:
    for kind, types, outward in (("merge", keep.duplicates, True), ("problem", keep.problems, False)):
        if other := find_linked(fields, types, outward=outward):
            yield model.TicketLink(issue_id, other, kind)
    for link in fields.issuelinks or ():
        if _has_type(link, keep.development):
            ends = [end for end in (link.outward_issue, link.inward_issue) if end is not None]
            yield from (model.TicketLink(issue_id, end.id, "development") for end in ends)


def _has_type(link: js.IssueLink, types: Collection[str]) -> bool:
    return not {link.type.id, link.type.name.casefold()}.isdisjoint(types)


def find_linked(fields: js.Fields, types: Collection[str], *, outward: bool) -> str | None:
    return next((end.id for end in _list_linked(fields, types, outward=outward)), None)


def _list_linked(fields: js.Fields, types: Collection[str], *, outward: bool) -> Iterator[js.Other]:
    """Issues at the other ends of links of these types, in order."""
    for link in fields.issuelinks or ():
        end = link.outward_issue if outward else link.inward_issue
        if end is not None and _has_type(link, types):
            yield end
