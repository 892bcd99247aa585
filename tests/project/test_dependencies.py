"""What is installed beside the program: within bounds, and in versions that were tested."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from project_paths import ROOT

FILE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS: dict[str, list[str]] = FILE["project"]["optional-dependencies"]
DECLARED = {
    "build-system": FILE["build-system"]["requires"],
    "dependencies": FILE["project"]["dependencies"],
    **EXTRAS,
}
INSTALLER = "pip"  # sqlite-utils asks for it; each environment brings its own
ALL = list({line: Requirement(line) for lines in DECLARED.values() for line in lines}.values())
LINES = [
    line
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
TESTED = {canonicalize_name(name): Version(version) for name, _, version in (line.partition("==") for line in LINES)}


def has_both_bounds(requirement: Requirement) -> bool:
    operators = {one.operator for one in requirement.specifier}
    return bool(operators & {"==", "~="} or (">=" in operators and operators & {"<", "<="}))


@pytest.mark.parametrize("requirement", ALL, ids=str)
def test_every_dependency_says_from_which_version_on_and_below_which(requirement: Requirement) -> None:
    assert has_both_bounds(requirement)


@pytest.mark.parametrize(
    ("text", "bounded"),
    [("a>=1", False), ("a", False), ("a<2", False), ("a>=1,!=1.5", False), ("a>=1,<2", True), ("a~=1.4", True)],
)
def test_a_missing_bound_is_seen(text: str, bounded: bool) -> None:
    assert has_both_bounds(Requirement(text)) == bounded


def test_constraints_name_versions_only() -> None:
    """No address, no hash, no option of pip: names and versions mean the same everywhere."""
    assert [line for line in LINES if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line)] == []
    assert len(TESTED) == len(LINES)


@pytest.mark.parametrize("requirement", ALL, ids=str)
def test_tested_versions_are_allowed_ones(requirement: Requirement) -> None:
    assert TESTED[canonicalize_name(requirement.name)] in requirement.specifier


def test_every_package_that_comes_along_is_identified_and_fits() -> None:
    """What packages at their tested version ask for. A package that is here in a newer version may ask for others."""
    requested = [(who, one) for who, one in needed({"dependencies", "test"}) if one.name != INSTALLER]
    assert len(requested) > 60  # the walk goes beyond what the project names itself, which is 29
    unnamed = {f"{who}: {one}" for who, one in requested if canonicalize_name(one.name) not in TESTED}
    assert unnamed == set()
    unfit = {
        f"{who}: {one}"
        for who, one in requested
        if not one.specifier.contains(TESTED[canonicalize_name(one.name)], prereleases=True)
    }
    assert unfit == set()


def needed(groups: set[str]) -> Iterator[tuple[str, Requirement]]:
    """(who asks, what for), from the project down."""
    todo = [("helpdesk-kpi", Requirement(line)) for name in groups for line in DECLARED[name]]
    seen: set[tuple[str, str]] = set()
    while todo:
        who, one = todo.pop()
        yield who, one
        name = canonicalize_name(one.name)
        for extra in ("", *one.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                todo += [(name, further) for further in asks_for(name, extra)]


def asks_for(name: str, extra: str) -> Iterator[Requirement]:
    try:
        found = distribution(name)
    except PackageNotFoundError:  # not for this system
        return
    if Version(found.version) != TESTED.get(canonicalize_name(name)):
        return
    for line in found.requires or ():
        further = Requirement(line)
        if further.marker is None or further.marker.evaluate({"extra": extra}):
            yield further
