"""Why each installed distribution is there: what the project's files say comes before any guess."""

from __future__ import annotations

from steadypin.comparison import compare
from steadypin.model.code import CodeImport, CodeUse
from steadypin.model.facts import Facts
from steadypin.model.location import Location
from steadypin.model.pins import Standing
from steadypin.planning.standing import Names, standings
from tests.support.ledgers import declared, facts, installed, lock, manifest, pin

WEB = (installed("web", "1", "click"), installed("click", "8"), installed("pip", "24"))


def judged(known: Facts, *imports: str, mentions: str = "", tests: bool = False) -> dict[str, Standing]:
    where = Location(path="tests/test_app.py" if tests else "app.py", line=1)
    code = CodeUse(
        imports=tuple(CodeImport(name=name, location=where, tests=tests) for name in imports),
        mentions=frozenset(mentions.split()),
    )
    names = Names(modules={item.name: frozenset({item.name.replace("-", "_")}) for item in known.installed})
    return {item.name: item for item in standings(known, compare(known), code, names)}


def roles(known: Facts, *imports: str, mentions: str = "", tests: bool = False) -> dict[str, str]:
    return {name: item.role for name, item in judged(known, *imports, mentions=mentions, tests=tests).items()}


def test_declarations_first() -> None:
    known = facts(manifest(declared("web")), installed=(*WEB, installed("stray", "1", "sub"), installed("sub", "1")))
    assert roles(known) == {
        "web": "direct",
        "click": "transitive",
        "pip": "build-tool",
        "stray": "leftover",
        "sub": "leftover",
    }
    assert judged(known)["click"].via == ("web",)
    assert "stray" in judged(known)["sub"].because


def test_a_build_tool_that_runs_is_none() -> None:
    known = facts(manifest(declared("web")), installed=(installed("web", "1", "setuptools"), installed("setuptools", "70")))
    assert roles(known)["setuptools"] == "transitive"


def test_an_import_makes_it_direct_and_one_in_tests_makes_it_development() -> None:
    known = facts(manifest(declared("web")), installed=(*WEB, installed("yaml", "1"), installed("mock", "1")))
    assert roles(known, "yaml")["yaml"] == "direct"
    assert roles(known, "mock", tests=True)["mock"] == "development"
    assert roles(known, "click")["click"] == "direct"


def test_a_development_group_stays_one_unless_the_program_imports_it() -> None:
    known = facts(
        manifest(declared("web"), declared("pytest", group="dev", line=2)),
        installed=(*WEB, installed("pytest", "8", "pluggy"), installed("pluggy", "1")),
    )
    assert roles(known)["pytest"] == roles(known)["pluggy"] == "development"
    assert roles(known, "pluggy")["pluggy"] == "direct"
    assert roles(known, "pytest", tests=True)["pytest"] == "development"


def test_a_word_of_the_start_files_is_enough_and_is_called_a_guess() -> None:
    known = facts(manifest(declared("web")), installed=(*WEB, installed("gunicorn", "22")))
    assert roles(known)["gunicorn"] == "leftover"
    found = judged(known, mentions="gunicorn bind")["gunicorn"]
    assert (found.role, found.guess) == ("direct", True)


def test_a_lock_alone_tells_by_its_graph() -> None:
    known = facts(lock(pin("web", "1"), pin("click", "8", line=2)), installed=(*WEB, installed("stray", "1")))
    assert roles(known) == {"web": "direct", "click": "transitive", "pip": "build-tool", "stray": "leftover"}


def test_packages_that_only_need_each_other_are_not_lost() -> None:
    known = facts(lock(pin("a", "1"), pin("b", "1", line=2)), installed=(installed("a", "1", "b"), installed("b", "1", "a")))
    assert set(roles(known).values()) <= {"direct", "transitive"}


def test_without_files_the_marker_and_the_graph_are_believed_and_it_is_said() -> None:
    known = facts(installed=(*WEB, installed("tool", "1", requested=True)))
    assert roles(known) == {"web": "direct", "click": "transitive", "pip": "build-tool", "tool": "direct"}
    assert judged(known)["web"].guess and "REQUESTED" in judged(known)["tool"].because


def test_the_project_itself_is_apart() -> None:
    known = facts(
        manifest(declared("web"), project_name="My.App", path="pyproject.toml"), installed=(*WEB, installed("my-app", "1"))
    )
    assert roles(known)["my-app"] == "own"


def test_namespaces_lead_to_their_owner() -> None:
    names = Names(modules={"google-auth": frozenset({"google.auth"}), "google-storage": frozenset({"google.cloud.storage"})})
    assert names.providers("google.cloud.storage.blob") == ("google-storage",)
    assert names.providers("google") == () and names.providers("googlemaps") == ()
