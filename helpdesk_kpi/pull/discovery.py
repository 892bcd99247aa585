"""Finding connectors: modules of `connectors/`, entry points `helpdesk_kpi.connectors`, or "package.module:Class"."""

import importlib
import pkgutil
from functools import cache

from helpdesk_kpi.config import suggest
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.paths import extend_path, find_entry_points
from helpdesk_kpi.pull.contract import Connector


def connector_names() -> list[str]:
    """What `connector = "..."` may name, "package.module:Class" aside."""
    extend_path()
    package = importlib.import_module("connectors")
    own = {m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")}
    return sorted(own | {point.name for point in find_entry_points("helpdesk_kpi.connectors")})


@cache
def find_connector(name: str) -> type[Connector]:
    """The connector of that name; UsageError says what there is."""
    if ":" in name:
        return _load(name)
    for point in find_entry_points("helpdesk_kpi.connectors"):
        if point.name == name:
            return _get_connector_class(point.load(), name)
    if name not in connector_names():
        raise UsageError(f"no connector named {name!r}{suggest(name, connector_names())}")
    return _get_connector_class(importlib.import_module(f"connectors.{name}"), name)


def _load(path: str) -> type[Connector]:
    module, _, name = path.partition(":")
    try:
        candidate_holder = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the connector {path!r} cannot be loaded: {error}") from error
    return _get_connector_class(candidate_holder, path)


def _get_connector_class(candidate_holder: object, name: str) -> type[Connector]:
    """The connector that a class is, or that a module holds."""
    candidates = [candidate_holder] if isinstance(candidate_holder, type) else list(vars(candidate_holder).values())
    for candidate in candidates:
        if isinstance(candidate, type) and issubclass(candidate, Connector) and candidate is not Connector:
            return candidate
    raise UsageError(f"{name!r} holds no connector (a subclass of helpdesk_kpi.pull.contract.Connector)")
