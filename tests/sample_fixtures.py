"""Data files that say which samples the simulator's answers are compared with, and the samples themselves."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from shape_fixtures import ABSENT, Collector, Shape, documented_at, surround, written

FOLDER = Path(__file__).parent / "samples"
HELPDESKS = ("zendesk", "jira_service_management", "freshdesk")


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

    def collector(self) -> Collector:
        return Collector(self.free, self.maps)


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


def allowed(answer: Answer) -> Shape:
    """Paths that the vendor's pages document; a path that ends with `*` stands for all that begin so."""
    return {path: frozenset(text.partition(":")[0].strip().split("|")) for path, text in answer.documented.items()}


def unseen(answer: Answer, shown: Shape, expected: Shape) -> list[str]:
    """Lists that have rows in the samples and none in the simulator's answers: nothing of them was compared."""
    rows = {"[]", *answer.decodes, *(sample.under for sample in answer.samples)}
    documented = allowed(answer)
    return sorted(
        path
        for path in rows & expected.keys()
        if path.endswith("[]") and path not in shown and ABSENT not in documented_at(path[:-2], documented)
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
    collector = answer.collector()
    values: dict[str, Any] = {}
    for sample in answer.samples:
        if sample.schema:
            collector.add_schema(*_schema(root, sample), sample.under)
            surround(collector, sample.under)
            continue
        found = list(load(root, sample))
        assert found, f"{answer.name}: nothing in {sample.file} at {sample.select!r}"
        for body in found:
            collector.add(body, sample.under)
            surround(collector, sample.under)
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
