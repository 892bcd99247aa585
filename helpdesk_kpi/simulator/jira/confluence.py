"""Confluence: the desk's articles with their edits. Pages are the world's articles, numbers and all.

Drafts are seen by their authors only. Votes against an article, and who linked to it, are unknown here.
https://developer.atlassian.com/cloud/confluence/rest/v2/intro/
"""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.jira.api import JiraApi
from helpdesk_kpi.simulator.jira.auth import error_response
from helpdesk_kpi.simulator.jira.vocabulary import REPORTS
from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.server.paging import BadRequestError
from helpdesk_kpi.simulator.world.articles import paragraphs
from helpdesk_kpi.simulator.world.clock import SECOND
from helpdesk_kpi.simulator.world.facts import ArticleFact

#: id, key, name, type
SPACES = (("65537", "KB", "Knowledge base", "knowledge_base"), ("65538", "TEAM", "Team", "global"))
KB = SPACES[0]
Rows = list[dict[str, Any]]
_SORTS = {"id": lambda row: int(row["id"]), "created-date": lambda row: row["createdAt"],
          "modified-date": lambda row: row["version"]["createdAt"], "title": lambda row: row["title"]}  # fmt: skip


class Confluence:
    """`analytics`: whether the plan reports views, as the expensive ones do."""

    def __init__(self, api: JiraApi, *, analytics: bool) -> None:
        self.api, self.world, self.analytics = api, api.world, analytics

    # --- version 2 of the API

    async def spaces(self, request: Request) -> Response:
        query, made = request.query_params, utc(self.world.desk.start)
        author = self.api.site(request).person_id(REPORTS)
        rows = [
            {"id": own, "key": key, "name": name, "type": kind, "status": "current", "authorId": author,
             "createdAt": made, "homepageId": f"{own}1", "_links": {"webui": f"/spaces/{key}"}}
            for own, key, name, kind in SPACES
        ]  # fmt: skip
        wanted = {"type": "type", "ids": "id", "keys": "key", "status": "status"}
        for name, key in wanted.items():
            rows = [row for row in rows if not _many(query, name) or row[key] in _many(query, name)]
        return self._paged(request, rows)

    async def pages(self, request: Request) -> Response:
        """Current ones, unless others are requested. A filter by time of change does not exist."""
        query, rows = request.query_params, [self._page(request, a) for a in self.articles()]
        statuses, spaces = _many(query, "status") or ["current", "archived"], _many(query, "space-id")
        ids, sort = _many(query, "id"), query.get("sort", "id")
        if sort.lstrip("-") not in _SORTS:
            raise BadRequestError("", f"Provided value {{{sort}}} for 'sort' is not the correct type.")
        rows = [row for row in rows if row["status"] in statuses and (not spaces or row["spaceId"] in spaces)]
        rows = [row for row in rows if not ids or row["id"] in ids]
        rows.sort(key=_SORTS["id"])
        rows.sort(key=_SORTS[sort.lstrip("-")], reverse=sort.startswith("-"))
        return self._paged(request, rows)

    async def page(self, request: Request) -> Response:
        article = self._article(request)
        return Json(self._page(request, article)) if article else _lost()

    async def versions(self, request: Request) -> Response:
        article = self._article(request)
        if article is None:
            return _lost()
        rows = [self._version(request, article, number) for number in range(1, len(self._edits(article)) + 1)]
        return self._paged(request, rows[::-1] if request.query_params.get("sort", "").startswith("-") else rows)

    async def likes(self, request: Request) -> Response:
        article = self._article(request)
        if article is None:
            return _lost()
        return Json({"count": sum(at <= self.world.now and vote > 0 for at, _, vote in article.votes)})

    async def users(self, request: Request) -> Response:
        body = msgspec.json.decode(await request.body(), type=dict[str, Any])
        site = self.api.site(request)
        by_id = {site.person_id(number): site.person(number) for number in (REPORTS, *self.world.accounts)}
        rows = [
            {"accountId": own, "displayName": who["displayName"], "publicName": who["displayName"],
             "email": who.get("emailAddress", ""), "accountType": who["accountType"],
             "accountStatus": "active" if who["active"] else "inactive"}
            for own in body["accountIds"]
            if (who := by_id.get(own))
        ]  # fmt: skip
        return Json({"results": rows, "_links": {}})

    async def views(self, request: Request) -> Response:
        """Voters have read it; the desk knows no other readers. Most plans report nothing.

        https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-analytics/
        """
        article = self._article(request)
        if not self.analytics:
            return Json({"statusCode": 403, "reason": "ViewAnalyticsRestricted", "message": "Restricted"}, 403)
        if article is None:
            return _lost()
        since = request.query_params.get("fromDate", "")
        seen = [at for at, _, _ in article.votes if at <= self.world.now and utc(at) >= since]
        return Json({"id": article.id, "count": len(seen)})

    # --- Data Center

    async def content(self, request: Request) -> Response:
        """https://docs.atlassian.com/ConfluenceServer/rest/8.5.0/#api/content-getContent"""
        query = request.query_params
        rows = [self._content(request, article) for article in self.articles()]
        rows = [row for row in rows if row["status"] == query.get("status", "current")]
        if query.get("spaceKey") not in {None, KB[1]}:
            rows = []
        return self._offset(request, rows)

    async def content_versions(self, request: Request) -> Response:
        article = self._article(request)
        if article is None:
            return _lost()
        rows = [self._written(request, article, number) for number in range(1, len(self._edits(article)) + 1)]
        return self._offset(request, rows[::-1])

    async def content_spaces(self, request: Request) -> Response:
        rows = [{"id": int(own), "key": key, "name": name, "type": "global"} for own, key, name, _ in SPACES]
        return self._offset(request, rows)

    def _content(self, request: Request, article: ArticleFact) -> dict[str, Any]:
        expand = request.query_params.get("expand", "").split(",")
        edits = self._edits(article)
        shown: dict[str, Any] = {"id": str(article.id), "type": "page", "title": article.title,
                                 "status": self._status(article),
                                 "_links": {"webui": f"/spaces/{KB[1]}/pages/{article.id}/Article"}}  # fmt: skip
        if "version" in expand:
            shown["version"] = self._written(request, article, len(edits))
        if "history" in expand:
            first = self._written(request, article, 1)
            shown["history"] = {"latest": True, "createdBy": first["by"], "createdDate": first["when"]}
        return shown

    def _written(self, request: Request, article: ArticleFact, number: int) -> dict[str, Any]:
        at, who = self._edits(article)[number - 1]
        site = self.api.site(request)
        person, local = site.person(who), site.local(at)
        by = {
            "type": "known",
            "username": person["name"],
            "userKey": f"conf{who}",
            "displayName": person["displayName"],
        }
        when = local.isoformat(timespec="milliseconds")
        return {
            "by": by,
            "when": when,
            "message": "",
            "number": number,
            "minorEdit": at in article.minor,
            "hidden": False,
        }

    def _offset(self, request: Request, rows: Rows) -> Response:
        query = request.query_params
        start, limit = int(query.get("start", 0)), min(int(query.get("limit", 25)), 100)
        page, base = rows[start : start + limit], self.api.address(request)
        links = {"base": base, "context": "", "self": f"{base}{request.url.path}"}
        if start + limit < len(rows):
            follow = {**dict(query.items()), "start": str(start + limit), "limit": str(limit)}
            links["next"] = f"{request.url.path}?{urlencode(follow)}"
        return Json({"results": page, "start": start, "limit": limit, "size": len(page), "_links": links})

    # --- articles

    def articles(self) -> Iterable[ArticleFact]:
        """Those that can be seen; some ended before they began."""
        here = (a for a in self.world.desk.articles if a.created_at <= self.world.now and not a.draft)
        return (a for a in here if a.archived_at is None or a.archived_at > a.created_at)

    def _article(self, request: Request) -> ArticleFact | None:
        return next((a for a in self.articles() if str(a.id) == request.path_params["page"]), None)

    def _edits(self, article: ArticleFact) -> list[tuple[int, int]]:
        """When and by whom, the creation first: the versions."""
        return [(article.created_at, article.author), *((at, by) for at, by in article.edits if at <= self.world.now)]

    def _status(self, article: ArticleFact) -> str:
        gone = article.archived_at is not None and article.archived_at <= self.world.now
        return "trashed" if gone else "current"

    def _page(self, request: Request, article: ArticleFact) -> dict[str, Any]:
        site, edits = self.api.site(request), self._edits(article)
        author, web = site.person_id(article.author), f"/spaces/{KB[1]}/pages/{article.id}"
        shown: dict[str, Any] = {
            "id": str(article.id), "status": self._status(article), "title": article.title, "spaceId": KB[0],
            "parentId": None, "parentType": None, "position": article.id % 1000, "authorId": author, "ownerId": author,
            "lastOwnerId": None, "createdAt": utc(article.created_at),
            "version": self._version(request, article, len(edits)),
            "_links": {"webui": f"{web}/Article", "editui": f"/pages/resumedraft.action?draftId={article.id}",
                       "tinyui": f"/x/{article.id:x}"},
        }  # fmt: skip
        if request.query_params.get("body-format") == "storage":
            text = "".join(f"<p>{line}</p>" for line in paragraphs(article, self.world.now))
            shown["body"] = {"storage": {"representation": "storage", "value": text}}
        return shown

    def _version(self, request: Request, article: ArticleFact, number: int) -> dict[str, Any]:
        at, who = self._edits(article)[number - 1]
        return {"number": number, "message": "", "minorEdit": at in article.minor, "createdAt": utc(at),
                "authorId": self.api.site(request).person_id(who)}  # fmt: skip

    # --- pages of answers

    def _paged(self, request: Request, rows: Rows) -> Response:
        """The next address is relative to the site and has /wiki in it, as has the base that stands beside it.

        A cursor goes with its query: another order or filter beside it is refused.
        """
        query = request.query_params
        limit = int(query.get("limit", 25))
        if not 1 <= limit <= 250:
            raise BadRequestError("", "Provided value for 'limit' must be between 1 and 250.")
        others = sorted((name, text) for name, text in query.multi_items() if name not in {"cursor", "limit"})
        first = _place(query.get("cursor"), others)
        base = f"{self.api.site(request).base}/wiki"
        links, headers = {"base": base}, {"link": f'<{base}>; rel="base"'}
        if first + limit < len(rows):
            follow = [*others, ("limit", limit), ("cursor", _cursor(first + limit, others))]
            host = self.api.address(request) if self.api.faults.wrong_host else ""
            links["next"] = f"{host}/wiki{request.url.path.split('/wiki', 1)[1]}?{urlencode(follow)}"
            headers["link"] = f'<{links["next"]}>; rel="next", {headers["link"]}'
        return Json({"results": rows[first : first + limit], "_links": links}, headers=headers)


def utc(at: int) -> str:
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _many(query: Any, name: str) -> list[str]:
    """Repeated, or with commas between."""
    return [word for text in query.getlist(name) for word in text.split(",") if word]


def _cursor(place: int, others: list[tuple[str, str]]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([place, others])).decode()


def _place(cursor: str | None, others: list[tuple[str, str]]) -> int:
    if not cursor:
        return 0
    try:
        place, query = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=tuple[int, list[tuple[str, str]]])
    except (ValueError, msgspec.DecodeError):
        raise BadRequestError("", "The cursor is not valid.") from None
    if query != others:
        raise BadRequestError("", "The cursor belongs to another query.")
    return place


def _lost() -> Response:
    return error_response("confluence", 404, "No content found with the given id.")
