"""`steadypin dockerfile` and `steadypin audit --for-image` as a user runs them, on a real index and without Docker."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from steadypin.reporters.recipes import check_script
from steadypin.sources.dockerfile_text import parse_dockerfile
from tests.support.command import Ran, steadypin
from tests.support.index_server import Rel, TestIndex
from tests.support.venvs import install, make_venv, site_of

PACKAGES = {
    "web": [Rel("1.0", requires=["click"])],
    "click": [Rel("8.0")],
    "native": [Rel("1.0", tags=("py3-none-manylinux_2_17_x86_64", "py3-none-musllinux_1_1_x86_64"), sdist=True)],
    "gone": [Rel("2.0")],
}


@pytest.fixture(scope="module")
def index() -> Iterator[TestIndex]:
    with TestIndex(PACKAGES) as served:
        yield served


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, index: TestIndex) -> Path:
    root = tmp_path_factory.mktemp("image") / "project"
    root.mkdir()
    (root / "requirements.in").write_text("web\nnative\ngone\n", encoding="utf-8")
    (root / "app.py").write_text("import web, native, click, gone\n", encoding="utf-8")
    (root / "Procfile").write_text("web: gunicorn app:app\n", encoding="utf-8")
    site = site_of(make_venv(root / ".venv"))
    install(site, "web", "1.0", requires=["click"])
    install(site, "click", "8.0")
    install(site, "native", "1.0")
    install(site, "gone", "1.0")
    assert run(root, "pin", "--as-is", "-o", "requirements.txt", "--index-url", index.url).code == 0
    return root


def run(project: Path, *words: str) -> Ran:
    return steadypin(*words, cwd=project, home=project.parent / "home")


def audit(project: Path, index: TestIndex, *words: str) -> Ran:
    return run(project, "audit", "--index-url", index.url, "--for-image", "--format", "json", *words)


def rules(ran: Ran) -> dict[tuple[str, str | None], str]:
    return {(item["rule"], item["package"]): item["message"] for item in ran.json["findings"]}


def test_an_image_is_judged_for_every_platform_and_a_plain_audit_is_not(project: Path, index: TestIndex) -> None:
    found = rules(audit(project, index, "--base", "python:3.12-slim", "--target", "python=3.12,linux_x86_64,linux_aarch64"))
    assert "linux_aarch64" in found["image-no-wheel", "native"] and "linux_x86_64" not in found["image-no-wheel", "native"]
    assert ("image-unknown-release", "gone") in found
    assert ("undeclared-import", "click") in found
    plain = run(project, "audit", "--index-url", index.url, "--format", "json")
    assert not any(rule.startswith(("image-", "dockerfile-")) for rule, _ in rules(plain))


def test_the_base_decides_the_c_library(project: Path, index: TestIndex) -> None:
    old = rules(audit(project, index, "--base", "internal/base:1", "--glibc", "2.12", "--target", "python=3.12,linux_x86_64"))
    assert ("image-no-wheel", "native") in old, "manylinux_2_17 needs glibc 2.17"
    musl = rules(audit(project, index, "--base", "python:3.12-alpine", "--target", "python=3.12,linux_x86_64"))
    assert ("image-no-wheel", "native") not in musl, "it has a musllinux wheel"


def test_an_unknown_base_is_asked_about_and_never_guessed(project: Path, index: TestIndex) -> None:
    ran = audit(project, index, "--base", "internal/base:1")
    assert ran.code == 2 and "--glibc 2.36 or --musl 1.2" in ran.err
    assert audit(project, index, "--base", "python:3.12-slim", "--glibc", "new").code == 2
    alone = run(project, "audit", "--base", "python:3.12-slim", "--no-env")
    assert alone.code == 2 and "--for-image" in alone.err


def test_saved_facts_tell_the_same_again(project: Path, index: TestIndex, tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    first = audit(project, index, "--base", "python:3.12-slim", "--facts-out", str(facts))
    again = run(project, "audit", "--facts-in", str(facts), "--format", "json")
    assert again.json["findings"] == first.json["findings"]


def test_an_index_that_is_away_is_a_gap(project: Path) -> None:
    ran = run(project, "audit", "--for-image", "--offline", "--index-url", "http://127.0.0.1:9/simple", "--format", "json")
    assert any(gap["stage"] == "index" for gap in ran.json["gaps"])
    assert not any(rule == "image-unknown-release" for rule, _ in rules(ran))


def test_a_dockerfile_is_printed_and_nothing_is_written(project: Path, index: TestIndex) -> None:
    before = sorted(path.name for path in project.iterdir())
    ran = run(project, "dockerfile", "--index-url", index.url, "--workflow", "--base", "python:3.12-slim")
    assert ran.code == 0, ran.err
    assert sorted(path.name for path in project.iterdir()) == before
    parsed = parse_dockerfile(ran.out, "Dockerfile")
    assert [base[1] for base in parsed.bases] == ["python:3.12-slim"] * 2
    assert "--require-hashes -r requirements.txt" in ran.out and 'CMD ["gunicorn", "app:app"]' in ran.out
    assert run(project, "dockerfile", "--index-url", index.url, "--workflow", "--base", "python:3.12-slim").out == ran.out


def test_an_independent_parser_reads_it_alike(project: Path, index: TestIndex, tmp_path: Path) -> None:
    theirs = pytest.importorskip("dockerfile", reason="the parser of BuildKit, where it is installed")
    text = run(project, "dockerfile", "--index-url", index.url).out
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    commands = [command.cmd.upper() for command in theirs.parse_file(str(tmp_path / "Dockerfile"))]
    assert commands == [item.name for item in parse_dockerfile(text, "Dockerfile").instructions]


def test_what_it_prints_has_none_of_the_flaws_that_it_finds(project: Path, index: TestIndex, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("requirements.in", "requirements.txt", "app.py", "Procfile"):
        (copy / name).write_bytes((project / name).read_bytes())
    words = ("--python", str(project / ".venv"), "--index-url", index.url)
    (copy / ".dockerignore").write_text("mine\n", encoding="utf-8")
    ran = run(copy, "dockerfile", "--write", "--workflow", *words)
    assert ran.code == 0 and "left alone" in ran.err
    assert (copy / ".dockerignore").read_text("utf-8") == "mine\n"
    found = {rule for rule, _ in rules(audit(copy, index, "--python", str(project / ".venv")))}
    assert {rule for rule in found if rule.startswith("docker")} <= {"dockerfile-unpinned-base", "dockerfile-apt-unversioned"}


def test_the_workflow_is_yaml_with_actions_by_commit(project: Path, index: TestIndex, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "requirements.txt").write_bytes((project / "requirements.txt").read_bytes())
    assert run(copy, "dockerfile", "--write", "--workflow", "--index-url", index.url).code == 0
    workflow = yaml.safe_load((copy / ".github" / "workflows" / "image.yml").read_text("utf-8"))
    steps = workflow["jobs"]["image"]["steps"]
    uses = [step["uses"] for step in steps if "uses" in step]
    assert uses and all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", use) for use in uses)
    assert any("verify-image" in step.get("run", "") for step in steps)


def test_without_a_lock_the_way_to_one_is_said(tmp_path: Path) -> None:
    (tmp_path / "requirements.in").write_text("flask\n", encoding="utf-8")
    ran = run(tmp_path, "dockerfile")
    assert ran.code == 2 and "steadypin pin" in ran.err


@pytest.mark.parametrize(
    ("lock", "code", "said"),
    [
        ("web==1.0 \\\n    --hash=sha256:00\nclick==8.0\nx==1 ; sys_platform == 'none'\n", 0, ""),
        ("web==1.0\nclick==8.1\n", 1, "click: locked 8.1, installed 8.0"),
        ("web==1.0\n", 1, "click: installed 8.0, not locked"),
        ("web==1.0\nclick==8.0\nmore==1 ; python_version > '3'\n", 1, "more: locked 1, missing"),
        ("web @ https://files.example/web.zip\ngit+https://git.example/c@0#egg=Click\n", 0, ""),
    ],
)
def test_the_script_in_the_dockerfile_fails_where_the_environment_is_not_the_lock(
    tmp_path: Path, lock: str, code: int, said: str
) -> None:
    pytest.importorskip("pip")
    site = tmp_path / "site"
    install(site, "web", "1.0")
    install(site, "click", "8.0")
    (tmp_path / "lock.txt").write_text(lock, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-", site, tmp_path / "lock.txt"], input=check_script(), text=True, capture_output=True, check=False
    )
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_a_file_that_is_no_dockerfile_is_a_gap_and_hides_no_other(project: Path, index: TestIndex, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "requirements.in").write_text("web\n", encoding="utf-8")
    (copy / "Dockerfile").write_text("<html>a page that was saved by mistake</html>\n", encoding="utf-8")
    (copy / "web.Dockerfile").write_text("FROM python:3.12-slim\nRUN curl https://x.example | sh\n", encoding="utf-8")
    ran = audit(copy, index, "--python", str(project / ".venv"))
    assert "Dockerfile" in {gap["subject"] for gap in ran.json["gaps"]}
    assert ("dockerfile-piped-script", None) in rules(ran)
