"""Discovery of KPIs: modules in `kpi/`, and installed packages (entry point `helpdesk_kpi.kpis`)."""

import importlib
import pkgutil
from functools import cache
from typing import get_args

from helpdesk_kpi.config import suggest
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.metrics.contract import Dimension, Kpi, Variant
from helpdesk_kpi.paths import extend_path, find_entry_points


@cache
def find_kpis() -> dict[str, Kpi]:
    """The KPIs of the catalogue by id, in order of dimension, module and definition."""
    ordered = sorted(load_kpis().values(), key=lambda kpi: get_args(Dimension).index(kpi.dimension))
    return {kpi.id: kpi for kpi in ordered if kpi.role == "kpi"}


@cache
def load_kpis() -> dict[str, Kpi]:
    """All KPI declarations by id: the catalogue, evidence that other KPIs join, and outlier questions."""
    extend_path()
    package = importlib.import_module("kpi")
    modules = [importlib.import_module(f"kpi.{m.name}") for m in pkgutil.iter_modules(package.__path__)]
    modules += [point.load() for point in find_entry_points("helpdesk_kpi.kpis")]
    found: dict[str, Kpi] = {}
    for module in modules:
        for kpi in vars(module).values():
            if isinstance(kpi, Kpi) and found.setdefault(kpi.id, kpi) is not kpi:
                raise UsageError(f"two KPIs are named {kpi.id!r}; one of them is in {module.__name__}")
    return found


def get_kpi(name: str) -> Kpi:
    """Return a KPI, evidence or question by id. Raises UsageError if there is none."""
    kpis = load_kpis()
    if name not in kpis:
        raise UsageError(f"no KPI named {name!r}{suggest(name, find_kpis())}")
    return kpis[name]


def get_variant(kpi: Kpi, name: str) -> Variant:
    """Return a variant of a KPI. Raises UsageError if there is none."""
    if name not in kpi.variants:
        raise UsageError(f"{kpi.id} has no variant {name!r}{suggest(name, kpi.variants)}")
    return kpi.variants[name]
