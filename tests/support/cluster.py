"""A real Dask scheduler and real workers on loopback, each a process of its own that may be killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path


class Cluster:
    """`folder` holds logs and what workers keep. Workers are numbered from 1; `path` is put before PYTHONPATH of later ones."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.path = ""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.start(workers)

    def start(self, workers: int) -> None:
        """The scheduler and so many workers, until they are there."""
        self._start("scheduler", "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-show", "--no-dashboard")
        self._wait(lambda: socket.create_connection(("127.0.0.1", self.port), timeout=1).close())
        for number in range(1, workers + 1):
            self.start_worker(number)

    def start_worker(self, number: int) -> None:
        plain = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(self._folder / f"w{number}"))
        self._start(f"worker-{number}", "worker", self.address, *plain)

    def kill(self, name: str) -> None:
        """Without a chance to say goodbye."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def close(self) -> None:
        for name in list(self._processes):
            self.kill(name)

    def _start(self, name: str, *words: str) -> None:
        if name in self._processes:
            self.kill(name)
        variables = {**os.environ, "XDG_CACHE_HOME": str(self._folder / "cache"), "PYTHONWARNINGS": "ignore"}
        if self.path:
            variables["PYTHONPATH"] = self.path
        with (self._folder / f"{name}-{time.time_ns()}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "dask", *words],
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _wait(self, ready) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                return ready()
            except OSError:
                assert time.monotonic() < end, self.logs()
                time.sleep(0.1)

    def logs(self) -> str:
        """What they have printed, for a failing test."""
        found = []
        for log in sorted(self._folder.glob("*.log")):
            with suppress(OSError):
                found.append(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}")
        return "\n".join(found)
