"""What the connectors' Structs read of an answer, compared with what its samples have."""

import importlib
import types
import typing
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from sample_fixtures import Answer
from shape_fixtures import ABSENT, PRESENT, Shape, Types, documented_at, joined, parent_of


def decoded(answer: Answer) -> Iterator[tuple[str, Any, bool]]:
    """(path, annotation, whether it must be there) of every key that the connector's Structs read."""
    for path, name in answer.decodes.items():
        module, _, kind = name.partition(":")
        struct = importlib.import_module(f"connectors.{module}")
        yield from _fields(getattr(struct, kind), path)


def _fields(struct: type[msgspec.Struct], path: str) -> Iterator[tuple[str, Any, bool]]:
    for field in msgspec.structs.fields(struct):
        own = joined(path, field.encode_name)
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
        kinds = shape.get(path, frozenset()) | documented_at(path, documented)
        reads = accepted(annotation)
        if not kinds and _is_reached(path, shape, documented):
            yield f"{path}: read by the connector, in no sample and not documented"
        refused = kinds - reads - {ABSENT, PRESENT, "any"} if "any" not in reads else frozenset()
        if refused:
            yield f"{path}: the connector refuses {'|'.join(sorted(refused))}"
        if required and ABSENT in kinds and PRESENT not in kinds:
            yield f"{path}: the connector needs it, and it may be absent"


def _is_reached(path: str, shape: Shape, documented: Shape) -> bool:
    """Not below a key that is unknown itself."""
    parent = parent_of(path)
    return bool(shape.get(parent) or documented_at(parent, documented))
