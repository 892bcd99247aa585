"""Shapes of answers: which keys they have and of which JSON types, and how two shapes differ.

A shape maps paths (`tickets[].via.channel`) to the types seen there; `absent` says that an object lacked the key.
"""

import importlib
import json
import re
import tomllib
import types
import typing
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

FOLDER = Path(__file__).parent / "samples"
HELPDESKS = ("zendesk", "jira_service_management", "freshdesk")
Types = frozenset[str]
Shape = dict[str, Types]
ABSENT = "absent"
_DEEPEST = 5  # levels of an OpenAPI schema


class Sample(msgspec.Struct, forbid_unknown_fields=True):
    """Part of a file of recordings, and where in the answer it belongs."""

    file: str
    select: str = ""  # keys and places with slashes between; `*` for each one; a stream's name in a capture
    under: str = ""
    schema: str = ""  # of an OpenAPI document: a component, or `get /path` for the answer of an operation


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """One kind of answer of an endpoint: what is asked, and what it is compared with."""

    endpoint: str
    ask: list[str]
    docs: str
    case: str = ""
    kind: str = ""  # of the site: cloud or datacenter (Jira)
    body: Any = None  # sent as JSON, by POST
    headers: dict[str, str] = {}
    status: int = 200
    without: list[str] = []  # parts that the plan lacks
    samples: list[Sample] = []
    heads: list[Sample] = []  # headers of the samples
    decodes: dict[str, str] = {}  # path -> module:Struct of the connector
    free: list[str] = []  # maps with keys of the account's own
    maps: list[str] = []  # maps whose values are alike: their keys are read as KEY
    same: list[str] = []  # values that are alike
    addresses: list[str] = []  # whose queries have the same names
    documented: dict[str, str] = {}  # path -> "types: reason" of what no sample shows
    use: dict[str, str] = {}  # groups of documented paths -> what they are below

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.endpoint, self.kind, self.case) if part)


class Described(msgspec.Struct, forbid_unknown_fields=True):
    """What is kept of the samples of an answer, and what the simulator does not show of them."""

    shape: dict[str, str]
    values: dict[str, Any] = {}
    heads: list[str] = []  # names of the headers that tell of limits
    lacks: list[str] = []


def answers(helpdesk: str) -> list[Answer]:
    told = tomllib.loads((FOLDER / f"{helpdesk}.toml").read_text(encoding="utf-8"))
    made = msgspec.convert(told["answer"], list[Answer])
    for answer in made:
        for group, under in answer.use.items():
            shared = {_below(under, path): text for path, text in told["documented"][group].items()}
            answer.documented = shared | answer.documented
    return made


def _below(under: str, path: str) -> str:
    return ".".join(part for part in (under, path) if part)


def described(helpdesk: str) -> dict[str, Described]:
    return msgspec.json.decode((FOLDER / f"{helpdesk}.json").read_bytes(), type=dict[str, Described])


# --- shapes


class Collector:
    """Builds the shape of one answer out of many examples."""

    def __init__(self, answer: Answer) -> None:
        self.free, self.maps = answer.free, answer.maps
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
            own = _joined(path, key)
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
                    self.add(part, _joined(path, "KEY" if path in self.maps else key))
        elif isinstance(value, list):
            for part in value:
                self.add(part, f"{path}[]")

    def shape(self) -> Shape:
        found = {}
        for path, kinds in self.seen.items():
            lacking = self.objects.get(_parent(path), 0) > kinds.total() and not path.endswith("[]")
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


def _joined(path: str, key: str) -> str:
    key = re.sub(r"^(customfield|question)_\d+$", r"\1_N", key)
    return f"{path}.{key}" if path else key


def _parent(path: str) -> str:
    head, dot, _ = path.rpartition(".")
    return head if dot else "" if path else "-"


def written(shape: Shape) -> dict[str, str]:
    return {path: "|".join(sorted(kinds)) for path, kinds in sorted(shape.items())}


def read(shape: Mapping[str, str]) -> Shape:
    return {path: frozenset(kind for kind in text.split("|") if kind) for path, text in shape.items()}


def allowed(answer: Answer) -> Shape:
    """Paths that the vendor's pages document; a path that ends with `*` stands for all that begin so."""
    return {path: frozenset(text.partition(":")[0].strip().split("|")) for path, text in answer.documented.items()}


def _documented(path: str, documented: Shape) -> Types:
    found = documented.get(path, frozenset())
    under = [kinds for name, kinds in documented.items() if name.endswith("*") and path.startswith(name[:-1])]
    return found.union(*under)


def _starred(shape: Shape) -> Shape:
    return {path: kinds for path, kinds in shape.items() if path.endswith("*")}


def differences(shown: Shape, expected: Shape, documented: Shape, lacks: frozenset[str]) -> Iterator[str]:
    """What the simulator shows otherwise than the samples."""
    for path, kinds in shown.items():
        more = kinds - {ABSENT} - _documented(path, documented)
        if "any" in _documented(path, documented) | _documented(path, _starred(expected)):
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
        if path.endswith("*") or ABSENT in _documented(path, documented):
            continue
        has_object = "object" in shown.get(_parent(path), frozenset())
        if path and has_object and not path.endswith("[]") and path not in shown:
            yield path, "the samples have it, the simulator does not"
        elif ABSENT not in kinds and ABSENT in shown.get(path, frozenset()):
            yield path, "it is missing at times, in no sample"


def unseen(answer: Answer, shown: Shape, expected: Shape) -> list[str]:
    """Lists that have rows in the samples and none in the simulator's answers: nothing of them was compared."""
    rows = {"[]", *answer.decodes, *(sample.under for sample in answer.samples)}
    documented = allowed(answer)
    return sorted(
        path
        for path in rows & expected.keys()
        if path.endswith("[]") and path not in shown and ABSENT not in _documented(path[:-2], documented)
    )


# --- samples


def load(root: Path, sample: Sample) -> Iterator[Any]:
    path = root / sample.file
    if path.suffix == ".jsonl":
        rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        yield from (row["data"] for row in rows if row["stream"] == sample.select)
        return
    body = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(body, list) and body and isinstance(body[0], list):  # pairs of a stream and a document
        yield from (document for stream, document in body if stream.endswith(f"/{sample.select}"))
        return
    yield from _select(body, sample.select.split("/") if sample.select else [])


def _select(body: Any, steps: list[str]) -> Iterator[Any]:
    if isinstance(body, str) and steps:
        body = json.loads(body)
    if not steps:
        yield body
    elif steps[0] == "*":
        for part in body:
            yield from _select(part, steps[1:])
    elif isinstance(body, list):
        yield from _select(body[int(steps[0])], steps[1:])
    elif steps[0] in body:
        yield from _select(body[steps[0]], steps[1:])


def sampled(root: Path, answer: Answer) -> Described:
    """Shape, and values that count, of all samples of an answer."""
    collector = Collector(answer)
    values: dict[str, Any] = {}
    for sample in answer.samples:
        if sample.schema:
            collector.add_schema(*_schema(root, sample), sample.under)
            _surround(collector, sample.under)
            continue
        found = list(load(root, sample))
        assert found, f"{answer.name}: nothing in {sample.file} at {sample.select!r}"
        for body in found:
            collector.add(body, sample.under)
            _surround(collector, sample.under)
            if not sample.under:
                values |= of_note(answer, body)
    heads = {name.lower() for sample in answer.heads for head in load(root, sample) for name in head}
    return Described(written(collector.shape()), values, sorted(name for name in heads if "limit" in name))


def _schema(root: Path, sample: Sample) -> tuple[dict[str, Any], dict[str, Any]]:
    """A schema of an OpenAPI document, and all that it may refer to."""
    told = json.loads((root / sample.file).read_text(encoding="utf-8"))
    components = told.get("components", {}).get("schemas") or told.get("definitions", {})
    method, space, path = sample.schema.partition(" ")
    if not space:
        return components[sample.schema], components
    content = told["paths"][path][method]["responses"]["200"]["content"]
    return next(iter(content.values()))["schema"], components


def _surround(collector: Collector, under: str) -> None:
    """What is around a row: an array, and the objects that it is in."""
    while under:
        if under.endswith("[]"):
            under = under.removesuffix("[]")
            collector.seen.setdefault(under, Counter({"array": 1}))
        else:
            under = max(_parent(under), "")
            collector.seen.setdefault(under, Counter({"object": 1}))


def of_note(answer: Answer, body: Any) -> dict[str, Any]:
    """Values that have to be alike, and the names in the queries of addresses."""
    told = {path: _value(body, path) for path in answer.same}
    queries = {path: _value(body, path) for path in answer.addresses}
    return told | {
        path: sorted(parse_qs(urlsplit(address).query)) if isinstance(address, str) else None
        for path, address in queries.items()
    }


def _value(body: Any, path: str) -> Any:
    for key in path.split("."):
        body = body.get(key) if isinstance(body, dict) else None
    return body


# --- what a connector decodes


def decoded(answer: Answer) -> Iterator[tuple[str, Any, bool]]:
    """(path, annotation, whether it must be there) of every key that the connector's Structs read."""
    for path, name in answer.decodes.items():
        module, _, kind = name.partition(":")
        struct = importlib.import_module(f"connectors.{module}")
        yield from _fields(getattr(struct, kind), path)


def _fields(struct: type[msgspec.Struct], path: str) -> Iterator[tuple[str, Any, bool]]:
    for field in msgspec.structs.fields(struct):
        own = _joined(path, field.encode_name)
        yield own, field.type, field.required
        for kind, under in _inside(field.type, own):
            yield from _fields(kind, under)


def _inside(annotation: Any, path: str) -> Iterator[tuple[type[msgspec.Struct], str]]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation, path
    elif origin is list:
        yield from _inside(arguments[0], f"{path}[]")
    elif origin in {types.UnionType, typing.Union}:
        for part in arguments:
            yield from _inside(part, path)


def accepted(annotation: Any) -> Types:
    """JSON types that an annotation lets through; `any` for all."""
    origin = typing.get_origin(annotation)
    if origin in {types.UnionType, typing.Union}:
        return frozenset().union(*map(accepted, typing.get_args(annotation)))
    kind = origin or annotation
    names: dict[Any, set[str]] = {
        bool: {"boolean"}, int: {"integer"}, float: {"integer", "number"}, str: {"string"}, datetime: {"string"},
        list: {"array"}, tuple: {"array"}, dict: {"object"}, type(None): {"null"},
    }  # fmt: skip
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return frozenset({"object"})
    return frozenset(names.get(kind, {"any"}))


def misread(answer: Answer, shape: Shape, documented: Shape) -> Iterator[str]:
    """Keys that the connector reads and nobody has shown or documented, or whose types it would refuse."""
    for path, annotation, required in decoded(answer):
        kinds = shape.get(path, frozenset()) | _documented(path, documented)
        reads = accepted(annotation)
        if not kinds and _is_reached(path, shape, documented):
            yield f"{path}: read by the connector, in no sample and not documented"
        refused = kinds - reads - {ABSENT, "any"} if "any" not in reads else frozenset()
        if refused:
            yield f"{path}: the connector refuses {'|'.join(sorted(refused))}"
        if required and ABSENT in kinds:
            yield f"{path}: the connector needs it, and it may be absent"


def _is_reached(path: str, shape: Shape, documented: Shape) -> bool:
    """Not below a key that is unknown itself."""
    parent = _parent(path)
    return bool(shape.get(parent) or _documented(parent, documented))
