"""Asking for several things at the same time: the first error ends the others, which send nothing more."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from helpdesk_kpi.errors import AccessError, UnreachedError

T = TypeVar("T")


async def gather_all(asks: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Their results, in their order. Where some fail, one error is raised: what ends the source before anything else.

    The others are cancelled then. What is expected of a single one (it is missing, it cannot be read) is its own to
    catch.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask) for ask in asks]
    except BaseExceptionGroup as errors:
        raise min(errors.exceptions, key=_rank) from None
    return [task.result() for task in tasks]


def _rank(error: BaseException) -> int:
    return 0 if isinstance(error, AccessError | UnreachedError) else 1
