"""The one command that repairs: with the tool that made the lock, and as its users have it."""

from __future__ import annotations

import pytest

from steadypin.checks.repair import Chosen, command
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.facts import Facts
from steadypin.model.finding import Finding
from steadypin.model.location import Location
from steadypin.model.severity import Severity
from tests.support.ledgers import declared, facts, installed, lock, manifest, pin

NAMES = {"uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock", "pipfile": "Pipfile.lock", "pylock": "pylock.toml"}
OF_GROUPS = (declared("w", group="docs"), declared("x", extra="web"), declared("t", group="dev"))


def found(*rules: str, at: str = "", package: str = "a") -> list[Finding]:
    places = (Location(path=at),) if at else ()
    return [Finding(rule=rule, severity=Severity.HIGH, message=rule, package=package, locations=places) for rule in rules]


def world(
    format: str,
    *also: str,
    made_by: str | None = None,
    asked: tuple[DeclaredRequirement, ...] = OF_GROUPS,
    at: str = "/srv/app/.venv",
) -> Facts:
    packages = (pin("a", "1.0"), pin("b", "2.0"))
    there = tuple(installed(name, "1.0") for name in ("a", *also))
    one = lock(*packages, path=NAMES[format], format=format, generated_by=made_by or format)
    return facts(manifest(*asked, path="pyproject.toml"), one, installed=there, root="app", at=at)


@pytest.mark.parametrize(
    ("known", "rules", "chosen", "told"),
    [
        (world("uv"), ["version-differs"], Chosen(), "uv sync"),
        (world("uv"), ["lock-stale"], Chosen(), "uv sync"),
        (world("uv"), ["missing-hashes"], Chosen(), "uv lock --refresh"),
        (world("uv", at="/srv/env"), ["version-differs"], Chosen(), "UV_PROJECT_ENVIRONMENT=/srv/env uv sync"),
        (world("uv", "w", "t"), ["version-differs"], Chosen(), "uv sync --group docs"),
        (world("uv", "w", "x"), ["installed-not-chosen"], Chosen(no_dev=True, extras=("web",)), "uv sync --no-dev --extra web"),
        (world("uv"), ["file-changed"], Chosen(), "uv sync --inexact --reinstall-package a"),
        (world("uv"), ["broken-metadata"], Chosen(), "uv sync --inexact --reinstall-package a"),
        (
            world("poetry"),
            ["version-differs"],
            Chosen(groups=("docs",)),
            "poetry sync --with docs",
        ),
        (world("poetry"), ["installed-not-chosen"], Chosen(no_dev=True, groups=("docs",)), "poetry sync --only main,docs"),
        (world("poetry", made_by="poetry 1.8.5"), ["lock-stale"], Chosen(), "poetry lock --no-update && poetry install --sync"),
        (world("poetry"), ["missing-hashes"], Chosen(), "poetry lock --regenerate"),
        (world("pdm"), ["installed-not-chosen"], Chosen(no_dev=True), "pdm sync --clean-unselected --prod"),
        (world("pdm", "x"), ["lock-stale"], Chosen(), "pdm lock --update-reuse && pdm sync --clean -G web"),
        (world("pdm"), ["missing-hashes"], Chosen(), "pdm lock --refresh"),
        (world("pipfile"), ["version-differs"], Chosen(groups=("dev",)), "pipenv sync --dev && pipenv clean"),
        (
            world("pipfile"),
            ["version-differs"],
            Chosen(groups=("develop", "docs")),
            "pipenv sync --categories packages,dev-packages,docs && pipenv clean",
        ),
        (
            world("poetry"),
            ["file-changed"],
            Chosen(),
            "pip --python /srv/app/.venv/bin/python install --force-reinstall --no-deps a==1.0",
        ),
        (world("poetry"), ["yanked"], Chosen(), ""),
    ],
)
def test_the_tool_that_made_the_lock_repairs_it(known: Facts, rules: list[str], chosen: Chosen, told: str) -> None:
    assert command(known, found(*rules), chosen) == told


def test_of_several_compiled_files_those_that_are_meant_are_compiled_and_those_that_are_there_installed() -> None:
    head = "uv pip compile {0}.in -o {0}.txt"
    main = lock(
        pin("a", "1.0"), pin("b", "2.0"), pin("c", "1"), path="requirements.txt", generated_by=head.format("requirements")
    )
    dev = lock(pin("t", "1.0"), pin("a", "1.0"), path="dev.txt", generated_by=head.format("dev"))
    docs = lock(pin("w", "1.0"), path="docs.txt", generated_by=head.format("docs"))
    known = facts(dev, docs, main, installed=(installed("a", "1.0"), installed("t", "1.0")), at="/e")
    sync = "uv pip sync --python /e/bin/python requirements.txt"
    assert command(known, found("version-differs"), Chosen()) == f"{sync} dev.txt"
    assert command(known, found("version-differs"), Chosen(no_dev=True)) == sync
    assert command(known, found("lock-violates-declared", at="dev.txt"), Chosen()) == head.format("dev")
    both = [*found("locks-disagree", at="dev.txt"), *found("locks-disagree", at="requirements.txt")]
    assert command(known, both, Chosen()) == f"{head.format('requirements')} && {head.format('dev')}"
