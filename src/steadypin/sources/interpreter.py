"""What an interpreter says of itself, asked once and remembered.

The interpreter is started with -S and a script that only describes it (`interpreter_facts.py`): no `.pth` file, no
sitecustomize and nothing that is installed there is run.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from binascii import crc32
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from steadypin.errors import CommandError, InterpreterError
from steadypin.model.target import Target
from steadypin.sources import cache_file
from steadypin.text import printable
from steadypin.values import dataclass

CACHE_VERSION = 2
TIMEOUT = 20.0
"""Seconds that an interpreter has to describe itself."""

_DECIDING = ("HOME", "PYTHONNOUSERSITE", "PYTHONUSERBASE", "APPDATA", "USERPROFILE", "PYTHONPLATLIBDIR")
_START, _END = "<<<steadypin ", " steadypin>>>"
_SHAPE: Mapping[str, type] = {
    "executable": str,
    "version": str,
    "version_info": list,
    "prefix": str,
    "base_prefix": str,
    "paths": list,
    "site_folders": list,
    "site_candidates": list,
    "standard_library": list,
    "installs": list,
    "externally_managed": bool,
    "markers": dict,
    "tags": dict,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """An interpreter, its folders and the target that it is.

    `paths` is its sys.path before `.pth` files, without the current folder and PYTHONPATH; `site_folders` the ones among them
    whose `.pth` files count; `standard_library` folders hold no distributions.
    """

    python: str
    version: str
    prefix: str
    base_prefix: str
    paths: tuple[str, ...]
    site_folders: tuple[str, ...]
    standard_library: tuple[str, ...]
    externally_managed: bool
    target: Target


def inspect(python: Path, *, cache_dir: Path | None, timeout: float = TIMEOUT) -> Interpreter:
    """Describe the interpreter at `python`, from the cache in `cache_dir` where that is fresh, else by starting it once.

    A cached answer counts while the executable, pyvenv.cfg, the user's site settings and the existence of its site folders are
    the same. Raises InterpreterError where it does not start, does not end in time or answers something else.
    """
    if not python.exists():
        raise InterpreterError(f"{python}: no such interpreter", hint="give an interpreter or an environment with --python")
    asked = _identity(python)
    place = _cache_file(asked, cache_dir)
    cached = _read_cache(place, asked)
    if cached is not None:
        return cached
    facts = _ask(python, timeout)
    found = interpreter_of(str(python), facts, source=f"interpreter {python}")
    _write_cache(place, found, asked, facts["site_candidates"])
    return found


def facts_script() -> str:
    """The text that describes an interpreter when it runs; it defines functions and calls none."""
    return script_text("interpreter_facts.py")


def script_text(name: str) -> str:
    """The text of one of the files that run elsewhere."""
    import pkgutil

    content = pkgutil.get_data("steadypin.sources", name)
    if content is None:
        raise InterpreterError(f"the installation of steadypin is incomplete: {name} is missing")
    return content.decode("utf-8").replace("\r\n", "\n")


def _ask(python: Path, timeout: float) -> dict[str, Any]:
    import tempfile

    from steadypin.process import run, scrubbed_environment

    script = facts_script() + "\nprint_answer(gather_facts())\n"
    with tempfile.TemporaryDirectory(prefix="steadypin-") as empty:
        try:
            done = run(
                [str(python.absolute()), "-S", "-B", "-c", script],
                timeout=timeout,
                cwd=Path(empty),
                environment=scrubbed_environment(extra={"PYTHONIOENCODING": "utf-8"}),
            )
        except CommandError as error:
            raise InterpreterError(f"{python}: {_reason(error, python)}", hint="is it a Python for this machine?") from None
    if not done.ok:
        lines = done.stderr.strip().splitlines() or ["no message"]
        said = lines[-1] if lines[0].startswith("Traceback") else lines[0]
        raise InterpreterError(f"{python}: ended with {done.exit_code}: {printable(said, 200)}", hint="does it start at all?")
    return parse_facts(done.stdout, origin=str(python))


def _reason(error: CommandError, python: Path) -> str:
    return error.message.removeprefix(f"{python.absolute()}: ")


def parse_facts(output: str, *, origin: str, shape: Mapping[str, type] = _SHAPE) -> dict[str, Any]:
    """The answer in the output of a script, of which only the outer shape is checked. Raises InterpreterError."""
    start, end = output.rfind(_START), output.rfind(_END)
    try:
        facts = json.loads(output[start + len(_START) : end]) if 0 <= start < end else None
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict):
        raise InterpreterError(f"{origin}: did not describe itself; it printed {printable(output.strip(), 80)!r}")
    for key, kind in shape.items():
        if not isinstance(facts.get(key), kind):
            raise InterpreterError(f"{origin}: described itself without {key}")
    return facts


def running_facts() -> dict[str, Any]:
    """The same facts about the interpreter that runs this, as far as a target needs them; nothing is started."""
    from steadypin.sources import interpreter_facts

    return {
        "version_info": list(sys.version_info[:3]),
        "markers": interpreter_facts.marker_environment(),  # type: ignore[no-untyped-call]
        "tags": interpreter_facts.platform_facts(),  # type: ignore[no-untyped-call]
    }


def target_of(facts: Mapping[str, Any], *, source: str) -> Target:
    """Markers and tags from facts. Raises KeyError, ValueError or TypeError where facts are not what the script gives."""
    from steadypin.sources.tags import wheel_tags

    markers = {str(name): str(value) for name, value in facts["markers"].items()}
    platform = _platform(facts["tags"])
    major, minor = facts["version_info"][:2]
    return Target(
        python=markers["python_full_version"].rstrip("+"),
        platform=platform.short_name,
        source=source,
        environment=tuple(sorted(markers.items())),
        tags=wheel_tags(markers["implementation_name"], (int(major), int(minor)), _abi(facts["tags"]), platform),
    )


def _platform(facts: Mapping[str, Any]) -> Any:
    from steadypin.sources.tags import Platform

    system = str(facts["platform"]).replace("-", "_").replace(".", "_").lower()
    narrow = facts.get("pointer_bits") == 32
    if narrow:
        system = {"linux_x86_64": "linux_i686", "linux_aarch64": "linux_armv8l"}.get(system, system)
    library, level = facts.get("c_library"), _pair(facts.get("c_library_version"))
    macos = _pair(facts.get("mac_version")) if system.startswith("macosx") else None
    return Platform(
        system=system,
        glibc=level if library == "glibc" else None,
        musl=level if library == "musl" else None,
        macos=(11, 0) if macos == (10, 16) else macos,
        machine=("i386" if narrow else str(facts.get("mac_machine") or "")) if macos else "",
    )


def _pair(text: object) -> tuple[int, int] | None:
    """(major, minor) of a version text; "2.20-2014.11" is (2, 20)."""
    import re

    found = re.match(r"(\d{1,4})\.(\d{1,4})", text) if isinstance(text, str) else None
    return (int(found[1]), int(found[2])) if found else None


def _abi(facts: Mapping[str, Any]) -> Any:
    from steadypin.sources.tags import Abi

    config = facts["config"]
    suffix = str(config.get("EXT_SUFFIX") or config.get("SO") or "")
    debug, malloc, unicode_size = config.get("Py_DEBUG"), config.get("WITH_PYMALLOC"), config.get("Py_UNICODE_SIZE")
    return Abi(
        debug=bool(debug) if debug is not None else bool(facts.get("refcounts")) or "_d.pyd" in suffix,
        free_threaded=bool(config.get("Py_GIL_DISABLED")),
        pymalloc=malloc is None or bool(malloc),
        wide_unicode=unicode_size == 4 if unicode_size is not None else bool(facts.get("wide_unicode")),
        extension_suffix=suffix,
    )


def interpreter_of(python: str, facts: Mapping[str, Any], *, source: str) -> Interpreter:
    """An interpreter from its own facts. Raises InterpreterError where they make no sense."""
    try:
        return Interpreter(
            python=python,
            version=str(facts["version"]),
            prefix=str(facts["prefix"]),
            base_prefix=str(facts["base_prefix"]),
            paths=_texts(facts["paths"]),
            site_folders=_texts(facts["site_folders"]),
            standard_library=_texts(facts["standard_library"]),
            externally_managed=bool(facts["externally_managed"]),
            target=target_of(facts, source=source),
        )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise InterpreterError(f"{python}: described itself in a way that makes no sense: {error}") from None


def _texts(values: list[object]) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str))


def _identity(python: Path) -> str:
    """Everything that an answer of this very interpreter depends on."""
    path = str(python.absolute())  # not resolved: a venv's python is a link, and its place is what makes it a venv
    stats: list[object] = [CACHE_VERSION, path, os.path.realpath(path), _stamp(path)]
    stats += [_stamp(os.path.join(os.path.dirname(path), *up, "pyvenv.cfg")) for up in ((), (os.pardir,))]  # noqa: PTH118, PTH120
    stats += [os.environ.get(name) for name in _DECIDING]
    stats.append(_packaging_version())
    return repr(stats).encode("utf-8", "backslashreplace").decode()


def _cache_file(asked: str, cache_dir: Path | None) -> Path | None:
    """Where the answer is kept; None where nothing can be kept. The file says itself what it answers, so its name need only be
    likely to be its own, and a short sum costs no library of cryptography.
    """
    return None if cache_dir is None else cache_dir / "interpreters" / f"{crc32(asked.encode()):08x}.json"


@functools.cache
def _packaging_version() -> str:
    from packaging import __version__

    return __version__


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _read_cache(place: Path | None, asked: str) -> Interpreter | None:
    """The remembered answer, or None where there is none that can be used; a damaged file is the same as none."""
    if place is None:
        return None
    try:
        stored = json.loads(place.read_bytes())
        if stored["asked"] != asked:
            return None
        if any(os.path.exists(place) is not there for place, there in stored["site_candidates"]):  # noqa: PTH110
            return None
        fields = stored["interpreter"]
        target = fields.pop("target")
        target["environment"] = tuple((str(name), str(value)) for name, value in target["environment"])
        target["tags"] = tuple(target["tags"].split())
        for name in ("paths", "site_folders", "standard_library"):
            fields[name] = _texts(fields[name])
        return Interpreter(target=Target(**target), **fields)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _write_cache(place: Path | None, found: Interpreter, asked: str, candidates: object) -> None:
    """Remember the answer."""
    if place is None:
        return
    from dataclasses import asdict

    fields = asdict(found)
    fields["target"]["tags"] = " ".join(found.target.tags)
    cache_file.keep(place, json.dumps({"asked": asked, "interpreter": fields, "site_candidates": candidates}))
