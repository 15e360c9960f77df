"""Build the environment that a sample project runs in: its lock really installed, then what time did to it.

    python sample_projects/build_environment.py parking_api
    python sample_projects/build_environment.py legacy_billing --into /tmp/env --lock-only --python python3.11

Needs nothing but the standard library and a network. It reads NAME/environment.json:

    python   the oldest and the newest Python that the sample runs on
    lock     what the installer is asked for at first
    test     how the interpreter runs the sample's tests
    drift    steps that follow, each with its reason: {"install" | "uninstall": [arguments], "why": text}, or
             {"commit": [folder]}: the folder is put into a git repository in the environment, and installed from its commit

Drift is installed without dependencies, as somebody in a hurry would. uv installs where it can be imported (seconds), pip
elsewhere or where uv fails: pip knows a private index that uv may not know.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent


def main() -> int:
    options = _options()
    folder = SAMPLES / options.name if (SAMPLES / options.name).is_dir() else Path(options.name).resolve()
    try:
        plan = json.loads((folder / "environment.json").read_text("utf-8"))
    except OSError as error:
        return _refuse(f"{options.name}: no sample project: {error.strerror}: {error.filename}")
    python = _interpreter(plan["python"], options.python)
    if python is None:
        return _refuse(f"{options.name} runs on Python {' to '.join(plan['python'])}; say where one is with --python")
    into = Path(options.into).resolve() if options.into else folder / ".venv"
    if into.exists() and not (into / "pyvenv.cfg").is_file():
        return _refuse(f"{into} is there and is no virtual environment; it is left alone")
    try:
        _build(folder, into, python, plan, drift=not options.lock_only)
    except subprocess.CalledProcessError as error:
        shutil.rmtree(into, ignore_errors=True)
        return _refuse(f"{options.name}: {' '.join(error.cmd)} ended with {error.returncode}; nothing is left of {into}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the environment of a sample project.")
    parser.add_argument("name", help="a folder beside this file, or a copy of one anywhere")
    parser.add_argument("--into", metavar="DIR", help="where the environment goes (default: NAME/.venv, made anew)")
    parser.add_argument("--python", metavar="PYTHON", help="the interpreter it is made with")
    parser.add_argument("--lock-only", action="store_true", help="install the lock and leave the drift out")
    return parser.parse_args()


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


def _interpreter(span: list[str], asked: str | None) -> str | None:
    """The interpreter asked for, this one, or one on PATH: the first whose version lies in `span`."""
    oldest, newest = (tuple(map(int, text.split("."))) for text in span)
    others = (f"python3.{minor}" for minor in range(newest[1], oldest[1] - 1, -1))
    for candidate in (asked,) if asked else (sys.executable, *others):
        if oldest <= _version(candidate) <= newest:
            return candidate
    return None


def _version(python: str) -> tuple[int, ...]:
    ask = [python, "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        return tuple(map(int, subprocess.run(ask, capture_output=True, text=True, check=True).stdout.split()))
    except (OSError, ValueError, subprocess.CalledProcessError):
        return ()


def _build(folder: Path, into: Path, python: str, plan: dict, *, drift: bool) -> None:
    started = time.monotonic()
    shutil.rmtree(into, ignore_errors=True)
    subprocess.run([python, "-m", "venv", str(into)], check=True)
    _install(folder, into, "install", plan["lock"])
    print(f"{into}: the lock is installed")
    for step in plan["drift"] if drift else ():
        action = next(key for key in step if key != "why")
        words = step[action] if action != "commit" else [_committed(folder / step[action][0], into)]
        if action == "uninstall":
            _install(folder, into, "uninstall", words)
        else:
            _install(folder, into, "install", ["--no-deps", *words])
        print(f"  {action:9} {' '.join(step[action]):28} {step['why']}")
    print(f"built in {time.monotonic() - started:.0f} s", flush=True)


def _committed(source: Path, into: Path) -> str:
    """The requirement that installs a folder from a repository of its own, by its commit."""
    repository = into / "repositories" / source.name
    shutil.copytree(source, repository, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    git = ["git", "-c", "user.name=sample", "-c", "user.email=sample@example.com", "-C", str(repository)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "as it was installed"]):
        subprocess.run([*git, *words], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{source.name.replace('_', '-')} @ git+{repository.as_uri()}@{commit}"


def _install(folder: Path, into: Path, action: str, arguments: list[str]) -> None:
    *attempts, last = _commands(into, action, arguments)
    for command in attempts:
        if subprocess.run(command, cwd=folder, env=_environment(), stderr=subprocess.DEVNULL).returncode == 0:
            return
    subprocess.run(last, cwd=folder, env=_environment(), check=True)


def _commands(into: Path, action: str, arguments: list[str]) -> Iterator[list[str]]:
    """The same request to each installer, the fastest first."""
    python = str(into / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    yes = ["--yes"] if action == "uninstall" else []
    if importlib.util.find_spec("uv"):
        yield [sys.executable, "-m", "uv", "pip", action, "--quiet", "--python", python, *arguments]
    yield [python, "-m", "pip", "-qq", "--disable-pip-version-check", action, *yes, *arguments]


def _environment() -> dict[str, str]:
    """Ours, without what would make an installer look at another environment."""
    return {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}


if __name__ == "__main__":
    sys.exit(main())
