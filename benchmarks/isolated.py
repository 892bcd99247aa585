"""Work in a process of its own, so that its peak memory is its own too."""

import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

STATUS = Path("/proc/self/status")


class Run(NamedTuple):
    result: Any
    seconds: float
    cpu: float  # seconds of all cores together, with those of child processes: what a busy machine changes least
    peak_mb: float  # of the process, without its children
    child_mb: float  # of the largest child; 0: it had none


def run_isolated(work: Callable[..., Any], *args: Any) -> Run:
    """Call `work` in a fresh interpreter."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_timed, work, args).result()


def _timed(work: Callable[..., Any], args: tuple[Any, ...]) -> Run:
    began, cpu = time.perf_counter(), _cpu()
    result = work(*args)
    children = _mb(resource.getrusage(resource.RUSAGE_CHILDREN))
    return Run(result, time.perf_counter() - began, _cpu() - cpu, _peak_mb(), children)


def _cpu() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def _peak_mb() -> float:
    """Peak resident memory. Linux counts into `ru_maxrss` what the parent had when it forked, so its own page first."""
    if STATUS.exists():
        return int(STATUS.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return _mb(resource.getrusage(resource.RUSAGE_SELF))


def _mb(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
