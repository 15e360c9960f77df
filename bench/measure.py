"""Whole commands, measured side by side: alternating, medians, peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
"""Without PYTHONDONTWRITEBYTECODE: an installed program has its bytecode, and so must ours, from the warm-up on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """`seconds` is the median of the turns, `peak` the largest resident size in MiB."""

    seconds: float
    peak: float


def alternate(tasks: Mapping[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """Median seconds of each task in this process; one warm-up round, then round after round."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(turns + 1):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            if turn:
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(found) for name, found in times.items()}


def side_by_side(commands: Mapping[str, Sequence[str]], *, turns: int, cwd: Path | None = None) -> dict[str, Measured]:
    """Run every command once to warm up, then `turns` times, one after the other in each turn."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    peaks = dict.fromkeys(commands, 0.0)
    for turn in range(turns + 1):
        for name, command in commands.items():
            spent, peak = once(command, cwd)
            peaks[name] = max(peaks[name], peak)
            if turn:
                seconds[name].append(spent)
    return {name: Measured(seconds=statistics.median(seconds[name]), peak=peaks[name]) for name in commands}


def once(command: Sequence[str], cwd: Path | None = None) -> tuple[float, float]:
    """Seconds and peak MiB of one run; exit codes 0 and 1 (findings) are both fine."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    spent = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}\n{said.decode('utf-8', 'replace')}")
    return spent, usage.ru_maxrss / 1024


def table(title: str, measured: Mapping[str, Measured], *, ours: str) -> None:
    """Print the rows; "times ours" above 1 means that steadypin is faster."""
    print(f"\n{title}")
    print(f"  {'':<28} {'seconds':>8} {'times ours':>11} {'peak MiB':>9}")
    for name, row in measured.items():
        print(f"  {name:<28} {row.seconds:>8.3f} {row.seconds / measured[ours].seconds:>11.2f} {row.peak:>9.1f}")
