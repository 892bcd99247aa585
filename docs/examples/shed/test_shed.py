"""Shed keeps the contract of connectors. This is all that has to be said for that."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from desk import KEY, desk, ticket

from helpdesk_kpi.testing import HttpContract


class TestShed(HttpContract):
    connector = "shed"
    now = "2026-11-23T06:00:00Z"
    secrets = (KEY,)
    golden = Path(__file__).with_name("shed.golden.txt")
    spare = 0

    def app(self) -> Any:
        return desk([ticket(number) for number in range(1, 13)])

    def empty(self) -> Any:
        return desk([])

    def table(self, url: str) -> Mapping[str, Any]:
        return {"url": url, "key": KEY}
