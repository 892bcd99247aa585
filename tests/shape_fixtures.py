"""Shapes of JSON: which keys there are and of which types, and how two shapes differ.

A shape maps paths (`tickets[].via.channel`) to the types seen there; `absent` says that an object lacked the key.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

Types = frozenset[str]
Shape = dict[str, Types]
ABSENT = "absent"
PRESENT = "present"  # documented of a key that is always there, though a schema requires none
_DEEPEST = 5  # levels of an OpenAPI schema


class Collector:
    """Builds the shape of one answer out of many examples."""

    def __init__(self, free: Collection[str], maps: Collection[str]) -> None:
        """`free`: maps that nothing is said of; `maps`: those whose values are alike."""
        self.free, self.maps = free, maps
        self.seen: dict[str, Counter[str]] = defaultdict(Counter)
        self.objects: Counter[str] = Counter()
        self.optional: set[str] = set()  # what a schema does not require

    def add_schema(self, schema: dict[str, Any], components: dict[str, Any], path: str = "", depth: int = 0) -> None:
        """What an OpenAPI schema describes; below its sixth level, and of maps, anything may be there."""
        schema = _resolved(schema, components)
        kinds = {"array"} if "items" in schema else {"object"} if "properties" in schema else set[str]()
        kinds |= {schema["type"]} if "type" in schema else set()
        self.seen[path].update(kinds or {"any"})
        if schema.get("nullable"):
            self.seen[path].update({"null"})
        if depth > _DEEPEST or path in self.free:
            self.seen[f"{path}*"].update({"any"})
            return
        for key, part in schema.get("properties", {}).items():
            own = joined(path, key)
            self.add_schema(part, components, own, depth + 1)
            if key not in schema.get("required", ()):
                self.optional.add(own)
        if "items" in schema:
            self.add_schema(schema["items"], components, f"{path}[]", depth)

    def add(self, value: Any, path: str = "") -> None:
        self.seen[path][json_type(value)] += 1
        if isinstance(value, dict) and path not in self.free:
            self.objects[path] += path not in self.maps
            for key, part in value.items():
                if key != "_meta":  # a capture's own mark
                    self.add(part, joined(path, "KEY" if path in self.maps else key))
        elif isinstance(value, list):
            for part in value:
                self.add(part, f"{path}[]")

    def shape(self) -> Shape:
        found = {}
        for path, kinds in self.seen.items():
            lacking = self.objects.get(parent_of(path), 0) > kinds.total() and not path.endswith("[]")
            lacking |= path in self.optional
            found[path] = frozenset(kind for kind in kinds if kind) | ({ABSENT} if lacking else set())
        return found


def _resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """References followed, and all parts of an `allOf` or the first of a choice put together."""
    while "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    parts = [*schema.get("allOf", ()), *schema.get("oneOf", ())[:1], *schema.get("anyOf", ())[:1]]
    for part in parts:
        found = _resolved(part, components)
        properties = {**schema.get("properties", {}), **found.get("properties", {})}
        schema = {**found, **schema, **({"properties": properties} if properties else {})}
    return schema


def json_type(value: Any) -> str:
    """`any` for what a capture has blacked out."""
    if value == "redacted":
        return "any"
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def joined(path: str, key: str) -> str:
    key = re.sub(r"^(customfield|question)_\d+$", r"\1_N", key)
    return f"{path}.{key}" if path else key


def parent_of(path: str) -> str:
    head, dot, _ = path.rpartition(".")
    return head if dot else "" if path else "-"


def written(shape: Shape) -> dict[str, str]:
    return {path: "|".join(sorted(kinds)) for path, kinds in sorted(shape.items())}


def read(shape: Mapping[str, str]) -> Shape:
    return {path: frozenset(kind for kind in text.split("|") if kind) for path, text in shape.items()}


def documented_at(path: str, documented: Shape) -> Types:
    found = documented.get(path, frozenset())
    under = [kinds for name, kinds in documented.items() if name.endswith("*") and path.startswith(name[:-1])]
    return found.union(*under)


def _starred(shape: Shape) -> Shape:
    return {path: kinds for path, kinds in shape.items() if path.endswith("*")}


def differences(shown: Shape, expected: Shape, documented: Shape, lacks: frozenset[str]) -> Iterator[str]:
    """What the simulator shows otherwise than the samples."""
    for path, kinds in shown.items():
        more = kinds - {ABSENT} - documented_at(path, documented)
        if "any" in documented_at(path, documented) | documented_at(path, _starred(expected)):
            continue
        if path not in expected and more:
            yield f"{path}: {'|'.join(sorted(more))} is in no sample"
            continue
        usual = expected.get(path, frozenset())
        if "any" in usual:
            continue
        usual |= {"integer"} if "number" in usual else set()
        if usual and (odd := more - usual):
            yield f"{path}: {'|'.join(sorted(odd))} instead of {'|'.join(sorted(usual))}"
    for path, why in missing(shown, expected, documented):
        if path not in lacks:
            yield f"{path}: {why}"


def missing(shown: Shape, expected: Shape, documented: Shape) -> Iterator[tuple[str, str]]:
    """Keys that all samples have and the simulator lacks, always or at times, where it has their object."""
    for path, kinds in expected.items():
        if path.endswith("*") or ABSENT in documented_at(path, documented):
            continue
        has_object = "object" in shown.get(parent_of(path), frozenset())
        if path and has_object and not path.endswith("[]") and path not in shown:
            yield path, "the samples have it, the simulator does not"
        elif ABSENT not in kinds and ABSENT in shown.get(path, frozenset()):
            yield path, "it is missing at times, in no sample"


def surround(collector: Collector, under: str) -> None:
    """What is around a row: an array, and the objects that it is in."""
    while under:
        if under.endswith("[]"):
            under = under.removesuffix("[]")
            collector.seen.setdefault(under, Counter({"array": 1}))
        else:
            under = max(parent_of(under), "")
            collector.seen.setdefault(under, Counter({"object": 1}))
