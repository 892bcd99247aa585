"""An invented desk served by a process of its own, which answers a question asked before from memory.

So a pull that is timed waits for the network and not for the desk to be made up.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import NamedTuple

from making import before_the_day
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.simulator.zendesk.app import app

RequestKey = tuple[str, str, bytes]  # method, path, query


class Served(NamedTuple):
    url: str
    control: Connection

    def requested(self) -> list[str]:
        """Path and query of every GET so far, in order."""
        self.control.send("requested")
        found: list[str] = self.control.recv()
        return found


@contextmanager
def served(seed: int, tickets: int, weeks: int, *, early: bool = False) -> Iterator[Served]:
    """`early`: as of the day before its end."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs, seed, tickets, weeks, early), daemon=True)
    server.start()
    try:
        yield Served(ours.recv(), ours)
    finally:
        ours.send("end")
        server.join()


def _serve(control: Connection, seed: int, tickets: int, weeks: int, early: bool) -> None:
    world: World = generate(seed, tickets=tickets, weeks=weeks)
    if early:
        world.now = before_the_day(world)
    recorded = Recorded(app(world, limits=False))
    with serve(recorded) as server:
        control.send(server.url)
        while control.recv() == "requested":
            control.send([f"{path}?{query.decode()}" for method, path, query in recorded.responses if method == "GET"])


class Recorded:
    def __init__(self, api: ASGIApp) -> None:
        self.api = api
        self.responses: dict[RequestKey, list[Message]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = scope["method"], scope["path"], scope["query_string"]
        if key not in self.responses:
            response: list[Message] = []

            async def note(message: Message) -> None:
                response.append(message)

            await self.api(scope, receive, note)
            self.responses[key] = response
        for message in self.responses[key]:
            await send(message)
