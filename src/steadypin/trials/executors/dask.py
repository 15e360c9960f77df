"""Trials on the workers of a Dask scheduler (the `distributed` package, an extra): queue, transport and faults are Dask's own.

What Dask does not know is what an answer is worth here: a run that went down with its worker, or with the scheduler, is
submitted again a few times, and pins that one worker cannot install are asked of another one before that is believed.
"""

from __future__ import annotations

import contextlib
import logging
import platform
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from steadypin.errors import CommandError, Inconclusive, NetworkError, UsageError
from steadypin.model.trial import TestRun
from steadypin.text import redact
from steadypin.trials.executors.executor import Cancelled, Trial
from steadypin.trials.executors.remote import Answer, Order, Site
from steadypin.values import dataclass, field, replace

CONNECTING = 6.0
"""Seconds within which a scheduler has to answer at the start."""

PATIENCE = 180.0
"""Seconds for which a scheduler or all workers may be away in the middle of the work."""

PATIENT = 6
"""Losses of one trial that are borne; a trial that Dask gives up, because worker after worker died of it, weighs `GIVEN_UP`."""

GIVEN_UP = 4

_LOOK = 0.05
_FRESH = 5.0
_STARTUP = 30.0

Work = Callable[[Order, bytes], Answer]


def load() -> Any:
    """Dask's `distributed`, quiet: what it would log is told by us. Raises UsageError where it is not installed."""
    try:
        import dask
        import distributed
    except ImportError as error:
        raise UsageError(
            f"--executor dask needs Dask, which is not installed: {error}", hint="pip install 'steadypin[dask]'"
        ) from None
    for name in ("tornado.application", "asyncio", *logging.root.manager.loggerDict):
        if name.startswith(("tornado", "asyncio", "distributed")):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    dask.config.set({"distributed.comm.retry.count": 0})
    return distributed


class OnWorkers:
    """`most` bounds how many trials are under way, None: as many as the workers have threads. `work` is what they call, `topic`
    where they say that they begin. `tell` is told in words what goes wrong and is mended.

    Raises UsageError, NetworkError.
    """

    def __init__(
        self,
        scheduler: str,
        site: Site,
        packed: bytes,
        *,
        work: Work,
        topic: str,
        most: int | None = None,
        tell: Callable[[str], None],
    ) -> None:
        self.site, self.tell = site, tell
        self._scheduler, self._packed, self._work, self._topic, self._most = scheduler, packed, work, topic, most
        self._dask = load()
        self._numbers = count(1)
        self._open: set[Sent] = set()
        self._begun: Counter[str] = Counter()
        self._known, self._looked = 1, 0.0
        self._client = self._connect(CONNECTING)
        try:
            self._check_workers()
            self._archive = self._send_archive()
        except BaseException:
            self.close()
            raise

    # --- what every executor has

    @property
    def places(self) -> int:
        threads = max(1, self._threads())
        return min(threads, self._most or threads)

    def _threads(self) -> int:
        """How many the workers have, as of a moment ago."""
        if monotonic() - self._looked > _FRESH:
            self._looked = monotonic()
            with contextlib.suppress(Exception):  # what a scheduler says while it goes away is no news
                self._known = sum(self._client.nthreads().values())
        return self._known

    def submit(self, trial: Trial) -> Sent:
        sent = Sent(executor=self, trial=trial, key=f"steadypin-{id(self):x}-{next(self._numbers)}")
        self._open.add(sent)
        sent.send()
        return sent

    def narrow(self, each: int) -> str:
        """How much memory a worker may take is for who starts it to say."""
        return ""

    def close(self) -> None:
        for sent in list(self._open):
            sent.cancel()
        with contextlib.suppress(Exception):
            self._client.close(timeout=5)

    # --- the scheduler

    def _connect(self, patience: float) -> Any:
        """A client. Raises NetworkError where no scheduler answers in time, UsageError where the address is none."""
        end = monotonic() + patience
        place = _place_of(self._scheduler, self._dask)
        while True:
            try:
                socket.create_connection(place, timeout=max(1.0, end - monotonic())).close()  # Dask fails less tidily
                client = self._dask.Client(self._scheduler, timeout=max(2.0, min(5.0, end - monotonic())), set_as_default=False)
                client.subscribe_topic(self._topic, self._note)
                return client
            except Exception as error:  # Dask raises OSError and TimeoutError, and what TLS raises
                if monotonic() >= end:
                    raise NetworkError(
                        f"no Dask scheduler answers at {redact(self._scheduler)}: {error or type(error).__name__}",
                        reason="unreachable",
                        hint="start one with `dask scheduler`, or name another with --scheduler",
                    ) from None
                sleep(0.5)

    def _note(self, event: tuple[float, Any]) -> None:
        self._begun[str(event[1])] += 1

    def _send_archive(self) -> Any:
        return self._client.scatter(self._packed, broadcast=True, hash=False)

    def _check_workers(self) -> None:
        """Raises NetworkError where none comes, UsageError where one does not fit: all of them would be used."""
        end = monotonic() + _STARTUP
        while not self._client.nthreads():
            if monotonic() > end:
                raise NetworkError(
                    f"the Dask scheduler at {redact(self._scheduler)} has no workers",
                    reason="no-workers",
                    hint=f"start some: dask worker {redact(self._scheduler)}",
                )
            sleep(0.5)
        from pkgutil import resolve_name

        versions = self._client.run(resolve_name, "steadypin:__version__", on_error="return")
        for address, found in sorted(versions.items()):
            if isinstance(found, BaseException):
                raise self.unfit(address, "has no steadypin")
            if found != self.site.version:
                raise self.unfit(address, f"has steadypin {found}, and {self.site.version} is asking")
        here = (platform.system(), platform.machine())
        for address, system in sorted(self._client.run(platform.system).items()):
            if system != here[0]:
                raise UsageError(f"the Dask worker {address} runs {system}, and trials are for {here[0]}", hint="use others")
        for address, machine in sorted(self._client.run(platform.machine).items()):
            if machine != here[1]:
                raise UsageError(f"the Dask worker {address} is {machine}, and trials are for {here[1]}", hint="use others")

    def unfit(self, address: str, what: str) -> UsageError:
        wanted = f"pip install 'steadypin[dask]=={self.site.version}'"
        return UsageError(f"the Dask worker {address} {what}", hint=f"in the environment of every worker: {wanted}")

    def restore(self) -> None:
        """After a loss: a client that is connected and the archive where workers find it. Raises NetworkError."""
        if self._client.status != "running" or not self._answers():
            self.tell("the Dask scheduler is gone; waiting for it to come back")
            with contextlib.suppress(Exception):
                self._client.close(timeout=1)
            self._client = self._connect(PATIENCE)
            self._archive = self._send_archive_to_any()
        elif self._archive.status != "finished":
            self._archive = self._send_archive_to_any()
        self._looked = 0.0

    def _answers(self) -> bool:
        try:
            self._client.nthreads()
        except Exception:  # whatever it is: it did not answer
            return False
        return True

    def _send_archive_to_any(self) -> Any:
        """Workers come back one by one. Raises NetworkError where none does."""
        end = monotonic() + PATIENCE
        while True:
            try:
                self._client.wait_for_workers(1, timeout=5)
                return self._send_archive()
            except Exception as error:  # none there yet, or gone again
                if monotonic() > end:
                    raise NetworkError(
                        f"the Dask scheduler at {redact(self._scheduler)} has no workers any more: {error}",
                        reason="no-workers",
                        hint="start some, and run the same again: what is known is kept",
                    ) from None

    # --- for what was sent

    def put(self, key: str, order: Order, avoid: str) -> Any:
        """A future. `avoid` is a worker that shall not do it where there is another."""
        others = [address for address in self._client.nthreads() if address != avoid] if avoid else []
        where = {"workers": others, "allow_other_workers": True} if others else {}
        return self._client.submit(self._work, order, self._archive, key=key, pure=False, **where)

    def begun(self, keys: Sequence[str]) -> int:
        return sum(self._begun[key] for key in keys)

    def forget(self, sent: Sent) -> None:
        self._open.discard(sent)

    def where(self, future: Any) -> str:
        """The worker that has made the result; "" where nobody knows."""
        with contextlib.suppress(Exception):
            found = self._client.who_has([future])
            return next((str(next(iter(places))) for places in found.values() if places), "")
        return ""

    def has_workers(self) -> bool:
        return self._threads() > 0


@dataclass(slots=True, kw_only=True)
class Sent:
    """A trial at the scheduler. Each attempt has a key of its own."""

    executor: OnWorkers
    trial: Trial
    key: str
    _keys: list[str] = field(default_factory=list)
    _future: Any = None
    _avoid: str = ""
    _refused: str = ""
    _losses: int = 0
    _run: TestRun | None = None
    _error: Exception | None = None
    _alone_since: float | None = None

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def begun(self) -> bool:
        return self.executor.begun(self._keys) > 0

    @property
    def lost(self) -> int:
        """Executions that nothing came of."""
        if self._run is None:
            return 0
        return max(0, self.executor.begun(self._keys) - 1 - bool(self._refused))

    def send(self) -> None:
        self._keys.append(f"{self.key}-{len(self._keys)}")
        trial = self.trial
        order = Order(site=self.executor.site, pins=trial.pins, command=trial.command, timeout=trial.timeout, tests=trial.tests)
        try:
            self._future = self.executor.put(self._keys[-1], order, self._avoid)
        except Exception:  # the scheduler has just gone: found out, and mended, at the next look
            self._future = None

    def wait(self, seconds: float) -> bool:
        end = monotonic() + seconds
        while not self._is_over():
            if self._future is None or self._future.done():
                self._take()
            elif monotonic() >= end:
                self._watch()
                return False
            else:
                sleep(_LOOK)
        return True

    def _is_over(self) -> bool:
        return self._run is not None or self._error is not None

    def _watch(self) -> None:
        """A trial for which there is no worker any more would wait for ever."""
        if self.executor.has_workers():
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = monotonic()
        elif monotonic() - self._alone_since > PATIENCE:
            self._end(NetworkError("all Dask workers are gone", reason="no-workers", hint="start some, and run the same again"))

    def _take(self) -> None:
        """What the future holds: an answer, or a loss."""
        try:
            answer: Answer = self._future.result(timeout=60)
        except Exception as error:  # Dask hands on what happened on the worker as well as what happened to it
            self._lose(error)
            return
        if answer.kind == "run" and answer.run is not None:
            self._run = replace(answer.run, log=str(self.trial.log))
            _write(self.trial.log, answer.log)
            self.executor.forget(self)
        elif answer.kind == "wrong":
            self._end(self.executor.unfit(self.executor.where(self._future) or "that was asked", answer.message))
        elif answer.kind == "refused" and self._refused:
            self._end(CommandError(answer.message, output=answer.message, hint=answer.hint))
        else:
            self._avoid = self.executor.where(self._future)
            self._refused = answer.message if answer.kind == "refused" else self._refused
            self._again(answer.message)

    def _lose(self, error: Exception) -> None:
        if isinstance(error, (ModuleNotFoundError, AttributeError)):
            self._end(self.executor.unfit("that was asked", f"has no such steadypin: {error}"))
            return
        try:
            self.executor.restore()
        except NetworkError as gone:
            self._end(gone)
            return
        self._again(f"{type(error).__name__}: {error}", weight=GIVEN_UP if type(error).__name__ == "KilledWorker" else 1)

    def _again(self, why: str, weight: int = 1) -> None:
        self._losses += weight
        if self._losses > PATIENT:
            self._end(
                Inconclusive(
                    f"a trial was lost {len(self._keys)} times on its way: {redact(why)[:300]}",
                    hint="do the workers have enough memory and disk? what is known is kept: run the same again",
                )
            )
        else:
            self.send()

    def _end(self, error: Exception) -> None:
        self._error = error
        self.executor.forget(self)

    def result(self) -> TestRun:
        while not self.wait(0.5):
            pass
        if self._error is not None:
            raise self._error
        if self._run is None:
            raise Cancelled
        return self._run

    def cancel(self) -> None:
        if self._is_over():
            return
        self._end(Cancelled())
        with contextlib.suppress(Exception):
            self._future.cancel()


def _place_of(scheduler: str, dask: Any) -> tuple[str, int]:
    """Host and port. Raises UsageError where there is none, or where TLS is asked for and not set up."""
    try:
        address = urlsplit(scheduler)
        host, port = address.hostname, address.port
    except ValueError:
        address, host, port = urlsplit(""), None, None
    if address.scheme not in ("tcp", "tls") or not host or not port:
        raise UsageError(f"--scheduler {redact(scheduler)}: no address", hint="for example: --scheduler tcp://10.0.0.5:8786")
    if address.scheme == "tls" and not dask.Security().get_connection_args("client").get("ssl_context"):
        raise UsageError(
            f"--scheduler {redact(scheduler)} needs certificates for TLS",
            hint="DASK_DISTRIBUTED__COMM__TLS__CA_FILE, …__TLS__CLIENT__CERT and …__TLS__CLIENT__KEY say where they are",
        )
    return host, port


def _write(log: Path, text: str) -> None:
    """A log that cannot be written is no verdict."""
    with contextlib.suppress(OSError):
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(redact(text), encoding="utf-8", errors="replace")
