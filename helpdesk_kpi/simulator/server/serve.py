"""Serve an API on a port of this machine."""

import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from helpdesk_kpi.simulator.world.clock import SECOND


class Server:
    """A running server; `url` is its address. Leave the `with` block, or call `stop`, to end it."""

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._socket = socket.create_server(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else small answers wait 40 ms
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(  # the app sets the date: a simulated desk has its own time
            app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1, date_header=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(app: ASGIApp, port: int = 0) -> Server:
    """Serve in a thread. The socket listens already when this returns, so that a first request just waits a moment."""
    return Server(app, port)


def run(app: Starlette, port: int, clock: Callable[[], float] = time.time) -> None:
    """Serve until interrupted. From the end of what was made up on, the desk's time is that of this machine.

    `clock` gives epoch seconds.
    """
    uvicorn.run(Aging(app, clock), host="127.0.0.1", port=port, log_level="warning", lifespan="off", date_header=False)


class Aging:
    """An API whose world's now follows a clock after its end. Nothing new happens; what is open
    waits on.

    Else a desk would lie further in the past every day, and refuse whoever asks it for what is new.
    """

    STEP = 10  # seconds; results of one instant are reused for this long

    def __init__(self, app: Starlette, clock: Callable[[], float]) -> None:
        self.app, self.clock, self.world = app, clock, app.state.world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole = int(self.clock() // self.STEP) * self.STEP * SECOND
        self.world.now = max(self.world.now, self.world.desk.end, whole)
        await self.app(scope, receive, send)
