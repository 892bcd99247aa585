"""Commands that are killed (SIGKILL) in the middle of their work, and what is left then.

What lies on the disk changes by SQL statements only. So a process that is killed before its n-th statement, for many
n, meets every state that a crash can leave; others are killed by the clock, wherever they are.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

KILLED = -signal.SIGKILL


class StatementCounter:
    """Counts the SQL statements of this process from now on, and kills it before one of them, if it is told to."""

    def __init__(self) -> None:
        self.done = 0
        self.last = 0  # the process dies before this one; 0: never
        opened = sqlite3.connect

        def watched(*args: Any, **more: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = opened(*args, **more)
            connection.set_trace_callback(self._one)
            return connection

        sqlite3.connect = watched  # type: ignore[assignment]  # all that is asked of it here

    def _one(self, _: str) -> None:
        self.done += 1
        if self.done == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


#: Runs one command several times, each in a process of its own: argument 1 is JSON, a list of tries. A try may say
#: "before": kill it before that SQL statement, or "after": kill it after so many seconds. Prints a JSON list of ends.
_TRIES = """
import json, os, signal, sys, time
import helpdesk_kpi.cli.sync, helpdesk_kpi.measure.build.build, helpdesk_kpi.pull.sync
from helpdesk_kpi.cli import main
from helpdesk_kpi.pull.discovery import find_connector
from helpdesk_kpi.testing.crashes import StatementCounter
find_connector(sys.argv[2])
statements = StatementCounter()
ends = []
for one in json.loads(sys.argv[1]):
    reading, writing = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if not child:
        statements.last = one.get("before", 0)
        try:
            main(sys.argv[3:])
            status = 0
        except SystemExit as end:
            status = end.code
        os.write(writing, str(statements.done).encode())
        sys.stderr.flush()
        os._exit(status)
    if "after" in one:
        time.sleep(one["after"])
        os.kill(child, signal.SIGKILL)  # no harm when it is through: nobody has asked for its end yet
    _, status = os.waitpid(child, 0)
    os.close(writing)
    ends.append([os.waitstatus_to_exitcode(status), int(os.read(reading, 20) or 0), time.monotonic() - began])
print(json.dumps(ends))
"""


class ProcessEnd(NamedTuple):
    """How a try ended."""

    status: int  # KILLED, or the command's exit status
    statements: int  # 0 of a killed one
    seconds: float


def run_killed(connector: str, command: str, config: Path, now: str, *kills: Mapping[str, float]) -> list[ProcessEnd]:
    """Run a command once for each of `kills` ({}: it may finish). AssertionError where one ended with a traceback."""
    words = [sys.executable, "-c", _TRIES, json.dumps(kills), connector, command, "--config", str(config)]
    path = os.pathsep.join(place for place in sys.path if place)
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "PYTHONPATH": path, "HELPDESK_KPI_NOW": now},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr, ran.stderr
    return [ProcessEnd(*end) for end in json.loads(ran.stdout)]
