"""Environments of Pythons that make none themselves, or poor ones: Python 2 has no venv, and that of 3.6 holds a pip that does
not know the wheels of today.

The last virtualenv that makes them is fetched once, into a folder of its own below the cache, by version and hash.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from steadypin.trials.sandbox.room import remove

OLDEST_WITH_VENV = (3, 7)
"""The oldest Python whose own venv is good enough."""

RELEASE = "20.21.1"
"""The last virtualenv that makes environments of Python 2.7 and 3.6; it runs under 3.7 and newer."""

PINNED = (
    f"virtualenv=={RELEASE} --hash=sha256:09ddbe1af0c8ed2bb4d6ed226b9e6415718ad18aef9fa0ba023d96b7a8356049",
    "distlib==0.4.4 --hash=sha256:cf09d55b1e85a89576b036aeb71550bfd68320f3f21761ca329eadadad918638",
    "filelock==3.16.1 --hash=sha256:2082e5703d51fbf98ea75855d9d5527e33d8ff23099bec374a134febee6946b0",
    "platformdirs==3.11.0 --hash=sha256:e9d171d00af68be50e9202731309c4e658fd8bc76f55c11c7dd760d023bda68e",
)


def virtualenv(cache: Path, run: Callable[[Sequence[str]], None], options: Sequence[str]) -> Path:
    """The interpreter of an environment of our own Python that holds this virtualenv, made where it is not there yet.

    `run` runs a command, `options` tell pip the index. Raises what `run` raises, and OSError.
    """
    minor = "{}.{}".format(*sys.version_info)
    folder = cache / "virtualenv" / f"{RELEASE}-{minor}"
    if not _python(folder).exists():  # also where the link leads to a Python that is gone
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f"{RELEASE}-{minor}.", dir=folder.parent))
        try:
            _fill(new, run, options)
            if not _python(folder).exists():
                remove(folder)
            new.rename(folder)
        except OSError:
            if not _python(folder).exists():  # nobody else was quicker
                raise
        finally:
            remove(new)
    return _python(folder)


def _fill(folder: Path, run: Callable[[Sequence[str]], None], options: Sequence[str]) -> None:
    run([sys.executable, "-m", "venv", str(folder)])
    pinned = folder / "virtualenv.txt"
    pinned.write_text("".join(f"{line}\n" for line in PINNED), encoding="utf-8")
    words = [str(_python(folder)), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    run([*words, "--only-binary", ":all:", *options, "-r", str(pinned)])


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
