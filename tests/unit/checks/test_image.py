"""Each rule about images: a case in which it speaks, and the twin in which it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steadypin import checks
from steadypin.checks import dockerfile, image, image_code
from steadypin.checks.rule import Case
from steadypin.comparison import compare
from steadypin.model.code import CodeImport, CodeUse
from steadypin.model.facts import Facts
from steadypin.model.finding import Finding
from steadypin.model.installed import DirectUrl
from steadypin.model.location import Location
from steadypin.model.pins import Standing
from steadypin.model.policy import Policy
from steadypin.model.readiness import Installed, NeededLibrary, Readiness, ReleaseOnIndex
from steadypin.model.released import ReleaseFile
from steadypin.model.severity import Severity
from steadypin.model.target import Target
from steadypin.sources.dockerfile_text import parse_dockerfile
from tests.support.ledgers import LINUX_312, declared, facts, installed, manifest

ARM_312 = replace(LINUX_312, platform="linux_aarch64", tags=("cp312-cp312-manylinux_2_17_aarch64", "py3-none-any"))
WINDOWS = replace(
    LINUX_312,
    platform="windows_x86_64",
    environment=tuple({**dict(LINUX_312.environment), "sys_platform": "win32"}.items()),
)
ANY = ReleaseFile(filename="a-1.0-py3-none-any.whl", url="https://files.example/a")
X86 = ReleaseFile(filename="a-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", url="https://files.example/x")
SDIST = ReleaseFile(filename="a-1.0.tar.gz", url="https://files.example/s", size=10)
A_1 = installed("a", "1.0")


def ready(*files: ReleaseFile, targets: tuple[Target, ...] = (LINUX_312,), **more: object) -> Facts:
    """Facts with one installed release `a 1.0` that has these files."""
    given = {key: more.pop(key) for key in ("installed", "declared") if key in more}
    releases = (ReleaseOnIndex(name="a", version="1.0", files=files),)
    known = Readiness(targets=targets, **{"releases": releases, "ends": "2028-10-31", **more})  # type: ignore[arg-type]
    around = (manifest(*given["declared"]),) if "declared" in given else ()  # type: ignore[misc]
    return replace(facts(*around, installed=given.get("installed", (A_1,))), readiness=known)  # type: ignore[arg-type]


def built(text: str, **more: object) -> Facts:
    return ready(ANY, dockerfiles=(parse_dockerfile(text, "Dockerfile"),), **{"ignored": (".git",), **more})


def code(*names: str, mentions: str = "", **more: object) -> CodeUse:
    where = Location(path="app.py", line=3)
    imports = tuple(CodeImport(name=name, location=where, **more) for name in sorted(names))  # type: ignore[arg-type]
    return CodeUse(imports=imports, mentions=frozenset(mentions.split()))


A_HAS = (Installed(name="a", modules=("a",), size=1024),)
GOOD_FILE = "FROM python:3.12-slim@sha256:00\nCOPY requirements.txt .\nRUN pip install --require-hashes -r requirements.txt\nCOPY . .\nUSER 10001\n"
LEFT = Standing(name="a", version="1.0", role="leftover", because="nothing needs it")

CASES: list[tuple[str, Facts, Facts]] = [
    ("image-not-installable", ready(X86, targets=(ARM_312,)), ready(ANY, targets=(ARM_312,))),
    ("image-not-installable", ready(replace(ANY, requires_python=">=3.13")), ready(replace(ANY, requires_python=">=3.8"))),
    ("image-no-wheel", ready(X86, SDIST, targets=(LINUX_312, ARM_312)), ready(X86, SDIST)),
    ("image-source-only", ready(SDIST), ready(ANY, SDIST)),
    ("image-unknown-release", ready(), ready(ANY)),
    (
        "image-other-set",
        ready(ANY, targets=(WINDOWS,), installed=(installed("a", "1.0", 'colorama; sys_platform == "win32"'),)),
        ready(ANY, installed=(installed("a", "1.0", 'colorama; sys_platform == "win32"'),)),
    ),
    (
        "image-unreachable",
        ready(ANY, installed=(installed("a", "1.0", direct_url=DirectUrl(kind="vcs", url="file:///srv/a", revision="0" * 40)),)),
        ready(ANY, installed=(installed("a", "1.0", direct_url=DirectUrl(kind="vcs", url="https://g.example/a", revision="0" * 40)),)),
    ),
    ("image-leftover", ready(ANY, standings=(LEFT,)), ready(ANY, standings=(replace(LEFT, role="direct"),))),
    ("image-development", ready(ANY, standings=(replace(LEFT, role="development"),)), ready(ANY, standings=(LEFT,))),
    ("image-differs", ready(ANY, targets=(ARM_312,)), ready(ANY)),
    ("image-differs", ready(ANY, targets=(replace(LINUX_312, python="3.13.0"),)), ready(ANY)),
    ("image-differs", ready(ANY, targets=(replace(LINUX_312, platform="musllinux_x86_64"),)), ready(ANY)),
    ("python-end-of-life", ready(ANY, ends="2025-10-31"), ready(ANY, ends="2028-10-31")),
    ("image-size", ready(ANY, contents=A_HAS), ready(ANY)),
    ("image-system-library", ready(ANY, libraries=(NeededLibrary(name="a", soname="libGL.so.1", module="a.so"),)), ready(ANY)),
    (
        "undeclared-import",
        ready(ANY, contents=A_HAS, code=code("a.b"), declared=(declared("z"),)),
        ready(ANY, contents=A_HAS, code=code("a.b"), declared=(declared("a"),)),
    ),
    (
        "unused-declaration",
        ready(ANY, contents=A_HAS, code=code(), declared=(declared("a"),)),
        ready(ANY, contents=A_HAS, code=code(mentions="a"), declared=(declared("a"),)),
    ),
    ("import-not-installed", ready(ANY, contents=A_HAS, code=code("b")), ready(ANY, contents=A_HAS, code=code("b", optional=True))),
    ("removed-module", ready(ANY, code=code("cgi"), removed=("cgi",)), ready(ANY, code=code("cgi"))),
    ("dockerfile-unpinned-base", built("FROM python:latest\nUSER 1\n"), built(GOOD_FILE)),
    ("dockerfile-unpinned-base", built("ARG V=3\nFROM python:${V} AS b\nFROM b\nUSER 1\n"), built("FROM scratch\nUSER 1\n")),
    ("dockerfile-apt-unversioned", built("FROM a\nRUN apt-get update && apt-get install -y gcc\n"), built("FROM a\nRUN apt-get install -y gcc=4:12\n")),
    ("dockerfile-pip-unhashed", built("FROM a\nRUN python -m pip install \\\n  gunicorn\n"), built(GOOD_FILE)),
    ("dockerfile-pip-unhashed", built("FROM a\nRUN pip install -r r.txt\n"), built("FROM a\nRUN pip install --no-deps .\n")),
    ("dockerfile-piped-script", built("FROM a\nRUN curl -sSL https://x.example | bash -s\n"), built("FROM a\nRUN curl -o f https://x.example\n")),
    ("dockerfile-add-url", built("FROM a\nADD https://x.example/f /\n"), built("FROM a\nADD --checksum=sha256:0 https://x.example/f /\n")),
    ("dockerfile-copy-before-install", built("FROM a\nCOPY . /app\nRUN pip install -r r.txt\n"), built(GOOD_FILE)),
    ("dockerfile-root", built("FROM a\nCMD x\n"), built("FROM a AS b\nUSER 5\nFROM b\nCMD x\n")),
    ("dockerignore-incomplete", built(GOOD_FILE, exposed=(".git",)), built(GOOD_FILE)),
    ("dockerignore-incomplete", built(GOOD_FILE, ignored=None), built("FROM a\nCOPY app /app\n", ignored=None)),
]  # fmt: skip


def found(known: Facts) -> tuple[Finding, ...]:
    policy = Policy()
    return checks.findings(Case(facts=known, comparison=compare(known, policy), policy=policy))


@pytest.mark.parametrize(("rule", "bad", "good"), CASES, ids=[f"{case[0]}-{i}" for i, case in enumerate(CASES)])
def test_a_rule_speaks_of_the_bad_case_and_not_of_its_good_twin(rule: str, bad: Facts, good: Facts) -> None:
    assert rule in {finding.rule for finding in found(bad)}
    assert rule not in {finding.rule for finding in found(good)}
    assert rule not in {finding.rule for finding in found(replace(bad, readiness=None))}, "only where an image was asked about"


def test_every_rule_about_images_has_a_case() -> None:
    rules = {rule.id for family in (image, image_code, dockerfile) for rule in family.CHECK.rules}
    assert rules == {case[0] for case in CASES}


def test_a_python_that_ends_within_a_year_is_said_softly() -> None:
    (finding,) = [f for f in found(ready(ANY, ends="2027-10-31")) if f.rule == "python-end-of-life"]
    assert finding.severity == Severity.LOW and "until 2027-10-31" in finding.message


def test_what_is_left_over_is_not_judged_for_the_image() -> None:
    rules = {finding.rule for finding in found(ready(standings=(LEFT,)))}
    assert "image-unknown-release" not in rules


def test_facts_with_an_image_survive_a_file() -> None:
    from steadypin import codec

    known = built(GOOD_FILE, code=code("a", mentions="x y"), contents=A_HAS)
    assert codec.decode(codec.encode(known, kind="facts"), Facts, kind="facts", path="x") == known
