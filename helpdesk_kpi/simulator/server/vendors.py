"""The helpdesks behind whose APIs a world can be shown."""

import importlib
from typing import Any, Protocol, cast

from starlette.applications import Starlette

from helpdesk_kpi.simulator.world.world import World

NAMES = ("zendesk", "jira", "freshdesk")


class VendorApi(Protocol):
    """The interface of a vendor's module."""

    def app(self, world: World, **options: Any) -> Starlette:
        """The API. `faults`: planned ones; `limits`: False for none, a number to multiply them."""
        ...

    def settings(self, world: World, url: str) -> dict[str, Any]:
        """The table [sources.NAME] for this API, with secrets in clear."""
        ...


def get_vendor(name: str) -> VendorApi:
    """The API of one of `NAMES`."""
    if name not in NAMES:
        raise ValueError(f"no helpdesk {name!r}; there are {', '.join(NAMES)}")
    return cast("VendorApi", importlib.import_module(f"helpdesk_kpi.simulator.{name}.app"))
