"""Web pages of simulated tickets, so that links in reports open."""

import re
from datetime import UTC, datetime
from html import escape

from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from helpdesk_kpi.simulator.world.facts import SYSTEM, Comment, Created
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory
from helpdesk_kpi.simulator.world.world import World

#: Paths of tickets in the web pages of Zendesk, Jira and Freshdesk.
_TICKET = re.compile(r"/(?:agent/tickets/|browse/[A-Z]+-|a/tickets/)(\d+)")
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>#{number} {subject}</title>
<style>body{{font:16px/1.5 sans-serif;max-width:44em;margin:2em auto;padding:0 1em}}
article{{border-left:3px solid #ccc;margin:1em 0;padding-left:1em;white-space:pre-line}}
article.note{{border-color:#e0b000}}small{{color:#555}}</style>
<h1>#{number} {subject}</h1><p>{facts}</p>{messages}<p><small>This helpdesk is simulated.</small></p></html>"""


class TicketPages:
    """Serve a page for each ticket, and leave all other paths to the API."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self.app, self.world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _TICKET.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self.app(scope, receive, send)
            return
        story = self.world.stories.get(int(found[1]))
        page = HTMLResponse("There is no such ticket.", 404) if story is None else HTMLResponse(self._page(story))
        await page(scope, receive, send)

    def _page(self, story: TicketHistory) -> str:
        state = story.state(self.world.now)
        facts = [f"{name}: {state[name]}" for name in ("status", "priority", "category") if state[name]]
        messages = [
            self._message(save.at, save.fact.requester if isinstance(save.fact, Created) else save.fact.actor, comment)
            for save in story.until(self.world.now)
            if (comment := save.fact.comment) is not None
        ]
        return _PAGE.format(
            number=story.ticket, subject=escape(story.created.subject), facts=escape(", ".join(facts)),
            messages="".join(messages),
        )  # fmt: skip

    def _message(self, at: int, author: int, comment: Comment) -> str:
        when = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
        name = "automation" if author == SYSTEM else self.world.accounts[author].name
        kind = "" if comment.public else ", internal note"
        style = "reply" if comment.public else "note"
        return f'<article class="{style}"><small>{escape(name)}, {when}{kind}</small>\n{escape(comment.text)}</article>'
