"""An imitation of Shed: a dozen tickets, or none, behind its one endpoint."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

HOUR = 3_600
START = 1_790_000_000  # 2026-09-21
PAGE = 5
KEY = "sesame"
BASIC = "Basic c2VzYW1lOg=="  # "sesame:" in base64

Row = dict[str, Any]


def ticket(number: int) -> Row:
    """Made at noon, answered an hour later; every second one is solved then."""
    made = START + number * 6 * HOUR
    return {
        "number": number, "change": number * 10, "created": made, "changed": made + HOUR, "title": f"Door {number}",
        "messages": [
            {"id": number * 10, "at": made, "author": f"guest{number % 7}", "staff": False, "words": "It is stuck."},
            {"id": number * 10 + 1, "at": made + HOUR, "author": "keeper", "staff": True, "words": "Try this key."},
        ],
        "solved": made + HOUR if number % 2 else None,
    }  # fmt: skip


def desk(tickets: Sequence[Row]) -> Starlette:
    return Starlette(routes=[Route("/tickets", _after(tickets))])


def _after(tickets: Sequence[Row]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if request.headers.get("authorization") != BASIC:
            return JSONResponse({"error": "who are you?"}, 401)
        after = int(request.query_params["after"])
        return JSONResponse({"tickets": [row for row in tickets if row["change"] > after][:PAGE]})

    return answer
