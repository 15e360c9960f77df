""".pre-commit-config.yaml: the revisions of hooks that are Python tools, and what hooks install besides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from steadypin.model import parse
from steadypin.model.locked import SourceFile
from steadypin.sources.manifests.arguments import Argument, add_arguments
from steadypin.sources.manifests.draft import Draft, Where
from steadypin.sources.manifests.nodes import child, items, load_nodes, place_of, text_of

if TYPE_CHECKING:
    from yaml import Node

_MIRROR = re.compile(r"(?:mirrors-(?P<mirror>[\w.-]+)|(?P<own>[\w.-]+?)-(?:pre-commit(?:-mirror)?|mirror))")
_TOOLS = frozenset(
    {
        "add-trailing-comma", "autoflake", "autopep8", "bandit", "black", "blacken-docs", "check-jsonschema", "codespell",
        "commitizen", "cpplint", "curlylint", "dead", "deptry", "detect-secrets", "django-upgrade", "djlint", "docformatter",
        "flake8", "flynt", "gitlint", "interrogate", "isort", "mypy", "nbqa", "nbstripout", "pdm", "pep8-naming", "pip-audit",
        "pip-tools", "poetry", "pre-commit-hooks", "pycln", "pydocstyle", "pylint", "pyproject-fmt", "pyright", "pyupgrade",
        "reorder-python-imports", "ruff", "semgrep", "setup-cfg-fmt", "sqlfluff", "tox-ini-fmt", "ufmt", "uv",
        "validate-pyproject", "vulture", "yamllint", "yapf", "yesqa", "zizmor",
    }
)  # fmt: skip
"""Repositories (their last name) that carry a Python tool of the same name, whose tags are its releases."""

_OTHER_LANGUAGES = frozenset(
    {"node", "golang", "rust", "ruby", "conda", "perl", "r", "dart", "lua", "haskell", "julia", "swift"}
)
_NPM = re.compile(r"(?:@[\w.-]+/)?[\w.-]+@[\w.^~*-]+|@[\w.-]+/[\w.-]+")


def read_pre_commit(data: bytes, path: str) -> SourceFile:
    """One configuration. Raises SourceError where it is not YAML."""
    root = load_nodes(data, path)
    draft = Draft(path)
    seen: set[int] = set()
    for index, repository in enumerate(items(child(root, "repos"))):
        if id(repository) not in seen:
            seen.add(id(repository))
            _repository(draft, repository, f"repos[{index}]", seen)
    return draft.finish("pre-commit")


def _repository(draft: Draft, node: Node, key: str, seen: set[int]) -> None:
    tool = _tool(text_of(child(node, "repo")) or "")
    revision = child(node, "rev")
    if tool and revision is not None:
        _revision(draft, tool, revision, key)
    for index, hook in enumerate(items(child(node, "hooks"))):
        if id(hook) not in seen:
            seen.add(id(hook))
            _hook(draft, hook, f"{key}.hooks[{index}]")


def _tool(repository: str) -> str | None:
    """The Python tool that a hook repository is for, where its name says so."""
    name = repository.rstrip("/").removesuffix(".git").rpartition("/")[2].lower()
    found = _MIRROR.fullmatch(name)
    name = (found["mirror"] or found["own"]) if found else name
    return name if name in _TOOLS else None


def _revision(draft: Draft, tool: str, node: Node, key: str) -> None:
    """A tag that is a version pins the tool; a commit says nothing about its release."""
    revision = (text_of(node) or "").strip()
    version = revision.removeprefix("v")
    if parse.version(version) is None or re.fullmatch(r"[0-9a-f]{40}", revision):
        return
    where = Where(kind="tool", group="pre-commit")
    draft.add(f"{tool}=={version}", place_of(node, draft.path, f"{key}.rev"), where, written=f"{tool} {revision}")


def _hook(draft: Draft, node: Node, key: str) -> None:
    if text_of(child(node, "language")) in _OTHER_LANGUAGES:
        return
    name = text_of(child(node, "id"))
    where = Where(kind="tool", group=f"pre-commit:{name}" if name else "pre-commit")
    arguments = []
    for index, item in enumerate(items(child(node, "additional_dependencies"))):
        text = text_of(item)
        if text and not _NPM.fullmatch(text):
            place = place_of(item, draft.path, f"{key}.additional_dependencies[{index}]")
            arguments.append(Argument(text=text, location=place))
    add_arguments(draft, arguments, where)
