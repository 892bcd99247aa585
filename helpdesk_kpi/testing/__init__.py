"""The contract of a connector as tests: subclass one of these in a test module, and a connector is under test.

    from helpdesk_kpi.testing import HttpContract

    class TestShed(HttpContract):
        connector = "shed"
        now = "2026-11-23T06:00:00Z"
        secrets = ("sesame",)

        def app(self): return desk_with_tickets         # an ASGI application that speaks as the helpdesk does
        def empty(self): return desk_without_any
        def table(self, url): return {"url": url, "key": "sesame"}

`HttpContract` puts the application on a port of this machine and changes its answers on their way (refusals, limits,
errors, redirects, unknown fields), so that a simulated helpdesk needs no faults of its own. `ConnectorContract` is for
connectors without requests, such as files. Needs pytest and uvicorn.
"""

import pytest

pytest.register_assert_rewrite(
    "helpdesk_kpi.testing.contract", "helpdesk_kpi.testing.http_contract"
)  # a failed assert shows its values here too

from helpdesk_kpi.testing.contract import ConnectorContract  # noqa: E402 - after the line above
from helpdesk_kpi.testing.http_contract import HttpContract  # noqa: E402
from helpdesk_kpi.testing.http_faults import FakeResponse, FaultProxy, RecordedRequest  # noqa: E402

__all__ = ["ConnectorContract", "FakeResponse", "FaultProxy", "HttpContract", "RecordedRequest"]
