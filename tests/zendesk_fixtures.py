"""One stream of the connector against a small server that answers as a test says."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from connectors.zendesk import Zendesk
from connectors.zendesk.settings import Credentials, Settings
from helpdesk_kpi.pull.contract import Page, Start, Todo
from helpdesk_kpi.pull.transport import Transport

NOW = 1_780_308_000  # 2026-06-01T10:00:00Z
SINCE = (NOW - 30 * 86_400) * 1000
CREDENTIALS = Credentials(email="ann@example.com", token="t0ken")
#: The field for time is known by its number, so that no list of fields is asked for.
SETTINGS = Settings(url="https://acme.zendesk.com", auth=CREDENTIALS, time_field="881")

Answers = Callable[[httpx.Request], Any]


def pull(
    stream: str,
    answers: Answers,
    *,
    cursor: str | None = None,
    settings: Settings = SETTINGS,
    todo: Sequence[Todo] = (),
    most: int = 99,
    versions: Mapping[str, int] | None = None,
) -> tuple[list[Page], list[httpx.Request]]:
    """All pages of one stream, from a server that answers with what `answers` gives, and what it was asked.

    `most`: more requests than this say that it goes round in circles.
    """
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        by_title = any(not word.isdecimal() for word in settings.keep_fields)
        if stream == "tickets" and request.url.path == "/api/v2/ticket_fields" and not by_title:  # the account's age
            return httpx.Response(200, json={"ticket_fields": [], "meta": {"has_more": False}})
        asked.append(request)
        assert len(asked) <= most, "it goes round in circles"
        given = answers(request)
        return given if isinstance(given, httpx.Response) else httpx.Response(200, json=given)

    async def run() -> list[Page]:
        http = Transport(settings.url, auth=settings.auth.auth(), http=httpx.MockTransport(answer), attempts=1)
        async with http:
            found = next(s for s in Zendesk(http, settings).streams() if s.name == stream)
            known = versions or {}
            start = Start(cursor=cursor, since=SINCE, now=NOW * 1000, todo=todo, versions=lambda _kind, _ids: known)
            return [page async for page in found.pages(start)]

    return asyncio.run(run()), asked


def kept(pages: list[Page]) -> str | None:
    """The cursor that would be stored after these pages: a null keeps the one before."""
    return next((page.cursor for page in reversed(pages) if page.cursor is not None), None)


def records(pages: list[Page], kind: type[Any]) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


def ticket(number: int, stamp: int = NOW - 1000, **given: Any) -> dict[str, Any]:
    times = {"created_at": "2026-05-20T10:00:00Z", "updated_at": "2026-05-20T10:00:00Z"}
    return {"id": number, "status": "open", "generated_timestamp": stamp, **times, **given}
