"""What a worker of a Dask scheduler does for an upgrade: this module is imported there, by its name."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from steadypin import __version__
from steadypin.resolution.uv import find_uv
from steadypin.transport.cache_folder import default_folder
from steadypin.trials.executors.remote import Answer, Order, Workshop
from steadypin.trials.runner.command import Stopped
from steadypin.trials.sandbox.installers import Installer, Pip, Uv

TOPIC = "steadypin"
"""Dask events in which workers say that they begin."""


def work(order: Order, packed: bytes) -> Answer:
    """Carry an order out on the worker that this runs on."""
    site = order.site
    if site.version != __version__:
        return Answer(kind="wrong", message=f"has steadypin {__version__}, and {site.version} is asking")
    from distributed import get_worker

    worker: Any = get_worker()
    worker.log_event(TOPIC, str(worker.get_current_task()))
    try:
        return _workshop().answer(
            order,
            packed,
            base=_interpreter(site.python),
            installer=_installer(order),
            number=int(worker.address.rpartition(":")[2]),
            stop=_unwanted(worker, worker.get_current_task()),
        )
    except Stopped:
        return Answer(kind="trouble", message="cancelled")


@cache
def _workshop() -> Workshop:
    return Workshop(default_folder() / "trials" / "workers")


def _unwanted(worker: Any, task: str) -> Callable[[], bool]:
    """Whether the scheduler has taken the task back: the worker knows, but does not interrupt what runs."""

    def stop() -> bool:
        known = worker.state.tasks.get(task)
        return known is None or known.state in ("cancelled", "released", "forgotten")

    return stop


def _interpreter(minor: str) -> str:
    return sys.executable if minor == "{}.{}".format(*sys.version_info) else shutil.which(f"python{minor}") or minor


def _installer(order: Order) -> Installer:
    site, uv = order.site, find_uv(folder=None)
    if uv is None:
        plain = tuple(word if word != "--allow-insecure-host" else "--trusted-host" for word in site.options)
        return Pip(cache=default_folder(), options=plain, variables=site.variables)
    return Uv(command=uv.command, options=site.options, variables=site.variables, offline=site.offline)
