"""How a project says that it is started: Procfile, the CMD of a Dockerfile, manage.py, [project.scripts]."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from steadypin import toml
from steadypin.model.readiness import Dockerfile

_LIMIT = 256 * 1024


def start_command(root: Path, dockerfiles: tuple[Dockerfile, ...] = ()) -> tuple[tuple[str, ...], str]:
    """(words, where they are from); ((), "") where nothing says it."""
    for found, said in (
        (_procfile(root), "As the Procfile says."),
        (_of_dockerfile(dockerfiles), "As the Dockerfile that was here says."),
        (_django(root), "Guessed from manage.py: Django behind gunicorn."),
        (_script(root), "The project's only script ([project.scripts])."),
    ):
        if found:
            return found, said
    return (), ""


def _procfile(root: Path) -> tuple[str, ...]:
    match = re.search(r"^web\s*:\s*(.+)$", _text(root / "Procfile"), re.MULTILINE)
    if match is None:
        return ()
    words = _words(match[1])
    return ("sh", "-c", f"exec {match[1].strip()}") if any("$" in word for word in words) else words


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return ()


def _of_dockerfile(dockerfiles: tuple[Dockerfile, ...]) -> tuple[str, ...]:
    for file in dockerfiles:
        for item in reversed(file.instructions):
            if item.name == "CMD" and item.text.startswith("["):
                try:
                    words = json.loads(item.text)
                except (ValueError, RecursionError):
                    continue
                if isinstance(words, list) and all(isinstance(word, str) for word in words):
                    return tuple(words)
    return ()


def _django(root: Path) -> tuple[str, ...]:
    match = re.search(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([A-Za-z_][\w.]*)\.settings", _text(root / "manage.py"))
    return ("gunicorn", "--bind", "0.0.0.0:8000", f"{match[1]}.wsgi") if match else ()


def _script(root: Path) -> tuple[str, ...]:
    try:
        project = toml.loads(_text(root / "pyproject.toml")).get("project", {})
    except (toml.TOMLDecodeError, RecursionError):
        return ()
    scripts = project.get("scripts") if isinstance(project, dict) else None
    names = sorted(scripts) if isinstance(scripts, dict) else []
    return (names[0],) if len(names) == 1 else ()


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_LIMIT).decode("utf-8", "replace")
    except OSError:
        return ""
