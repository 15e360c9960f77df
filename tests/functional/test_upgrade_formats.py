"""Locks of several formats, written back after a real upgrade against a real index; and scratch environments kept clean."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadypin import toml
from steadypin.resolution.uv import find_uv
from steadypin.trials.sandbox.environment import Environment
from steadypin.trials.sandbox.installers import Installer, Pip, Uv
from steadypin.trials.sandbox.pins import Pins
from tests.support.command import Ran, environment, steadypin
from tests.support.index_server import Rel, TestIndex
from tests.support.venvs import other_pythons

pytestmark = pytest.mark.slow

CHANGES = "# Changes\n\n## 2.0 (2024-05-06)\n\n- A new window\n- The `door` is removed\n\n## 1.5\n\n- A first one\n"
PACKAGES = {
    "app": [Rel("1.0"), Rel("2.0", requires=["helper>=1"])],
    "helper": [Rel("1.0", files={"helper.py": "VALUE = 1\n"})],
    "old": [
        Rel("1.0", requires=["gone"]),
        Rel("2.0", files={"old.py": "VALUE = '2.0'\n"}),
        Rel("3.0", files={"old.py": "VALUE = '3.0'\n"}),
    ],
    "gone": [Rel("1.0")],
    "bad": [Rel("1.0"), Rel("1.5"), Rel("2.0", sdist=True, files={"bad.py": "", "CHANGES.md": CHANGES})],
}
SUITE = "import unittest\nfrom importlib.metadata import version\n\n\nclass S(unittest.TestCase):\n    def test(self):\n        self.assertNotEqual(version('bad'), '2.0')\n"
UV = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")


@pytest.fixture(scope="module")
def index() -> Iterator[TestIndex]:
    with TestIndex(PACKAGES) as served:
        yield served


def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "test_suite.py").write_text(SUITE, encoding="utf-8")
    return root


def upgrade(root: Path, index: TestIndex, *words: str) -> Ran:
    fixed = ("upgrade", "--no-env", "--all-at-once", "--index-url", index.url, "--apply", "--format", "json")
    return steadypin(*fixed, *words, cwd=root, home=root.parent / "home", timeout=120, UV_INDEX_URL=index.url)


def uv(root: Path, index: TestIndex, *words: str) -> None:
    done = subprocess.run(
        [str(UV), *words],
        cwd=root,
        env=environment(root.parent / "home", UV_INDEX_URL=index.url),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_compiled_lock_with_hashes_is_installable_after_it_was_written(tmp_path: Path, index: TestIndex) -> None:
    root = project(tmp_path)
    (root / "requirements.in").write_text("app\nold\nbad\n", encoding="utf-8")
    (root / "old.in").write_text("app==1.0\nold==1.0\nbad==1.0\n", encoding="utf-8")
    uv(
        root,
        index,
        "pip",
        "compile",
        "old.in",
        "--generate-hashes",
        "-o",
        "requirements.txt",
        "--custom-compile-command",
        "pip-compile",
        "-q",
    )
    (root / "old.in").unlink()
    ran = upgrade(root, index)
    assert ran.code == 1, ran.err
    text = (root / "requirements.txt").read_text("utf-8")
    assert [line.split(" ")[0] for line in text.splitlines() if "==" in line] == [
        "app==2.0",
        "bad==1.5",
        "helper==1.0",
        "old==3.0",
    ]
    assert "    # via app\n" in text and "gone" not in text
    uv(root, index, "venv", "-q", "check")
    python = root / "check" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    uv(root, index, "pip", "sync", "-q", "--require-hashes", "--python", str(python), "requirements.txt")


def test_uv_lock_is_written_by_uv_from_the_manifest_whose_caps_were_raised(tmp_path: Path, index: TestIndex) -> None:
    root = project(tmp_path)
    manifest = (
        '[project]\nname = "mine"\nversion = "0"\nrequires-python = ">=3.10"\ndependencies = ["app<2", \'old ~= 1.0\', "bad<2"]'
    )
    (root / "pyproject.toml").write_text(manifest.replace("bad<2", "bad<1.1"), encoding="utf-8")
    uv(root, index, "lock", "-q")
    (root / "pyproject.toml").write_text(manifest, encoding="utf-8")
    uv(root, index, "lock", "-q")
    ran = upgrade(root, index, "--edit-manifest")
    assert ran.code == 1, ran.err
    assert ran.json["written"] == ["pyproject.toml", "uv.lock"]
    place = {"place": "pyproject.toml:5"}
    assert ran.json["edits"] == [
        {"name": "app", **place, "before": "app<2", "after": "app<3"},
        {"name": "old", **place, "before": "old ~= 1.0", "after": "old ~= 3.0"},
    ]
    packages = {p["name"]: p["version"] for p in toml.loads((root / "uv.lock").read_text("utf-8"))["package"]}
    assert packages == {"app": "2.0", "bad": "1.5", "helper": "1.0", "mine": "0", "old": "3.0"}
    assert (root / "pyproject.toml").read_text("utf-8") == manifest.replace("app<2", "app<3").replace("~= 1.0", "~= 3.0")
    uv(root, index, "lock", "--check", "-q")
    (culprit,) = ran.json["culprits"]
    heavy, lines = ["The `door` is removed"], ["A new window"]
    assert culprit["changelog"] == [{"name": "bad", "version": "2.0", "heavy": heavy, "lines": lines, "left_out": 0}]


def test_pylock_is_written_with_the_new_files(tmp_path: Path, index: TestIndex) -> None:
    root = project(tmp_path)
    (root / "requirements.in").write_text("app\nold\nbad\n", encoding="utf-8")
    (root / "old.in").write_text("app==1.0\nold==2.0\nbad==1.0\n", encoding="utf-8")
    uv(root, index, "pip", "compile", "old.in", "--format", "pylock.toml", "-o", "pylock.toml", "-q")
    (root / "old.in").unlink()
    ran = upgrade(root, index)
    assert ran.code == 1, ran.err
    lock = toml.loads((root / "pylock.toml").read_text("utf-8"))
    assert {p["name"]: p["version"] for p in lock["packages"]} == {"app": "2.0", "bad": "1.5", "helper": "1.0", "old": "3.0"}
    assert all(p["version"] in wheel["url"] and wheel["hashes"] for p in lock["packages"] for wheel in p["wheels"])


def test_a_foreign_lock_is_not_written_and_says_how(tmp_path: Path, index: TestIndex) -> None:
    root = project(tmp_path)
    lock = {
        "_meta": {"hash": {"sha256": "0" * 64}, "pipfile-spec": 6, "requires": {}, "sources": []},
        "default": {name: {"version": "==1.0", "hashes": ["sha256:" + "0" * 64]} for name in ("app", "bad")},
        "develop": {},
    }
    (root / "Pipfile").write_text('[packages]\napp = "<2"\nbad = "*"\n', encoding="utf-8")
    (root / "Pipfile.lock").write_text(json.dumps(lock), encoding="utf-8")
    ran = upgrade(root, index, "--edit-manifest")
    assert ran.json["confirmed"] and ran.json["written"] == ran.json["edits"] == []
    details = [gap["detail"] for gap in ran.json["gaps"]]
    assert any("`pipenv upgrade app==2.0 bad==1.5`" in detail for detail in details)
    assert any("app = <2 in Pipfile:2 is left to the tool that writes Pipfile.lock" in detail for detail in details)
    assert (root / "Pipfile").read_text("utf-8").startswith('[packages]\napp = "<2"\n')
    assert json.loads((root / "Pipfile.lock").read_text("utf-8")) == lock


def test_pip_does_where_uv_is_not_wanted(tmp_path: Path, index: TestIndex) -> None:
    root = project(tmp_path)
    (root / "requirements.txt").write_text("app==1.0\nbad==1.0\n", encoding="utf-8")
    ran = upgrade(root, index, "--resolver", "pip-tools", "--no-version-bisect")
    assert ran.code == 1, ran.err
    assert (root / "requirements.txt").read_text("utf-8") == "app==2.0\nbad==1.0\n"


def old_python(*minors: str) -> str:
    found = {".".join(path.parts[-3].split(".")[:2]): str(path) for path in other_pythons()}
    return next((found[minor] for minor in minors if minor in found), "") or pytest.skip(
        f"no Python {' or '.join(minors)} here"
    )


def test_a_project_of_an_old_python_is_tried_with_that_python(tmp_path: Path, index: TestIndex) -> None:
    root = project(tmp_path)
    python = old_python("3.6", "3.7")
    uv(root, index, "venv", "-q", "--python", python, ".venv")
    (root / "requirements.txt").write_text("old==2.0\n", encoding="utf-8")
    suite = f"import sys\nassert sys.version_info < (3, 8), 3\nopen({str(tmp_path / 'seen')!r}, 'a').write(sys.version)\n"
    (root / "suite.py").write_text(suite, encoding="utf-8")
    words = ("upgrade", "--all-at-once", "--index-url", index.url, "--apply", "--test", "python suite.py")
    ran = steadypin(*words, cwd=root, home=tmp_path / "home", timeout=120)
    assert ran.code == 0, ran.out + ran.err
    assert (root / "requirements.txt").read_text("utf-8") == "old==3.0\n"
    assert (tmp_path / "seen").read_text("utf-8").count("3.") >= 2


@pytest.mark.network
def test_a_python_that_uv_has_dropped_gets_a_virtualenv_that_knows_it(tmp_path: Path) -> None:
    lab = Environment(folder=tmp_path / "env", base=old_python("2.7", "3.6"), installer=Pip(cache=tmp_path / "cache"))
    for version in ("1.16.0", "1.17.0"):
        lab.move(Pins(versions=(("six", version),)))
        words = [str(lab.python), "-c", "import six; print(six.__version__)"]
        assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() == version
    assert lab.built == 1


@pytest.mark.parametrize("kind", ["uv"])
def test_an_environment_is_moved_by_delta_and_never_poisoned(tmp_path: Path, index: TestIndex, kind: str) -> None:
    found = find_uv()
    assert found is not None
    options = ("--index-url", index.url)
    installer: Installer = Uv(command=found.command, options=options) if kind == "uv" else Pip(cache=tmp_path, options=options)
    lab = Environment(folder=tmp_path / "env", base=sys.executable, installer=installer)

    def value() -> str:
        words = [str(lab.python), "-c", "import old; print(old.VALUE)"]
        kept = {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        return subprocess.run(words, capture_output=True, text=True, check=True, env=kept).stdout.strip()

    lab.move(Pins(versions=(("helper", "1.0"), ("old", "2.0"))))
    assert value() == "2.0"
    lab.move(Pins(versions=(("old", "3.0"),)))
    assert value() == "3.0" and lab.built == 1 and lab.owner("old") == "old" and lab.owner("helper") is None
    module = next(lab.folder.rglob("old.py"))
    module.write_text("VALUE = 'poison'\n", encoding="utf-8")
    lab.move(Pins(versions=(("old", "3.0"),)))
    assert value() == "3.0" and lab.built == 2
    (module.parent / "stray.pth").write_text("import nothing\n", encoding="utf-8")
    lab.move(Pins(versions=(("old", "2.0"),)))
    assert value() == "2.0" and lab.built == 3
    refused = lab.refused(Pins(versions=(("helper", "1.0"), ("old", "7.7"), ("gone", "1.0"))))
    assert list(refused) == ["old"] and "7.7" in refused["old"]
