"""Plans of the sample projects against PyPI: every stage installs, the end is everything at once, every hold is real."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from steadypin.index.client import IndexClient
from steadypin.index.routing import route
from steadypin.model.parse import version as parsed
from tests.support import samples
from tests.support.command import steadypin
from tests.support.samples import Samples

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the samples' stories are those of Python 3.11"),
]
UV = str(Path(sys.executable).with_name("uv"))
NAMES = ("parking_api", "coupled_stack", "legacy_billing")
MINOR = "3.11"
DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A sample's folder and its plan as JSON."""

    folder: Path
    plan: dict[str, Any]

    @property
    def holds(self) -> dict[str, dict[str, Any]]:
        return {hold["name"]: hold for hold in self.plan["holds"]}

    @property
    def last(self) -> dict[str, str]:
        return dict(self.plan["stages"][-1]["packages"])


@pytest.fixture(scope="module", params=NAMES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("plan")
    folder = samples.copy(request.param, root)
    ran = steadypin("plan", "--no-env", "--target", f"python={MINOR}", "--format", "json", cwd=folder, home=root / "home")
    assert ran.code == 0, ran.err
    return Made(folder=folder, plan=json.loads(ran.out))


def test_every_stage_can_be_installed_as_it_is(made: Made, tmp_path: Path) -> None:
    """A dry run in a clean environment takes each lock, and needs nothing beside it."""
    clean = tmp_path / "clean"
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, str(clean)], check=True)

    def brought(stage: dict[str, Any]) -> dict[str, str]:
        lock = tmp_path / f"stage{stage['number']}.txt"
        lock.write_text("".join(f"{name}=={version}\n" for name, version in stage["packages"].items()), encoding="utf-8")
        done = uv("pip", "install", "--dry-run", "-r", str(lock), "--python", str(clean))
        assert done.returncode == 0, done.stderr
        return dict(line[3:].split("==") for line in done.stderr.splitlines() if line.startswith(" + "))

    stages = made.plan["stages"]
    with ThreadPoolExecutor(4) as pool:  # a dry run mostly waits for the index
        assert list(pool.map(brought, stages)) == [stage["packages"] for stage in stages]


def test_the_last_stage_is_everything_at_once_but_for_the_holds(made: Made, tmp_path: Path) -> None:
    manifest = made.folder / "requirements.in"
    if not manifest.exists():
        pytest.skip("its pins are its manifest")
    done = uv("pip", "compile", str(manifest), "--python-version", MINOR, "-o", str(tmp_path / "all.txt"), "--no-annotate")
    assert done.returncode == 0, done.stderr
    at_once = dict(
        line.split("==") for line in (tmp_path / "all.txt").read_text("utf-8").splitlines() if line and line[0] not in "#-"
    )
    assert made.last == at_once


def test_every_hold_is_real(made: Made, tmp_path: Path) -> None:
    """What is held for a requirement or a Python cannot be forced: the resolver refuses its newest release."""
    for name, hold in made.holds.items():
        kinds = {reason["kind"] for reason in hold["because"]}
        assert kinds
        if not kinds & {"requirement", "python"}:
            continue
        pins = [f"{other}=={version}" for other, version in made.last.items() if other != name]
        lock = tmp_path / f"{name}.in"
        lock.write_text("\n".join([*pins, f"{name}=={hold['latest']}", *declared(made.folder)]), encoding="utf-8")
        done = uv("pip", "compile", str(lock), "--python-version", MINOR, "-o", str(tmp_path / f"{name}.txt"))
        assert done.returncode != 0 and "No solution found" in done.stderr, name


def test_every_reason_is_true_by_the_metadata(made: Made) -> None:
    """What a package is said to require stands in its metadata with the same versions."""
    claims = {
        (*asker.split(" "), asked)
        for text in (*(c["why"] for stage in made.plan["stages"] for c in stage["changes"]), *hold_words(made))
        for asker, asked in re.findall(r"\b([a-z0-9-]+ [0-9][^ ]*) requires ([a-z0-9-]+[<>=!~][^ ;:]*)", text)
    }
    with IndexClient(route(index_url=None)) as client:
        for name, version, asked in claims:
            claim = Requirement(asked)
            texts = map(Requirement, client.metadata(name, version).requires_dist)
            said = [text.specifier for text in texts if canonicalize_name(text.name) == claim.name]
            assert claim.specifier in said, (name, version, asked, said)
    assert claims or made.folder.name == "legacy_billing"


def hold_words(made: Made) -> Iterator[str]:
    for hold in made.holds.values():
        yield from (f"{reason['by']} requires {reason['requirement']}" for reason in hold["because"])


def declared(folder: Path) -> list[str]:
    """What the project itself says of versions."""
    found = []
    for file in sorted([*folder.glob("requirements.in"), *folder.rglob("constraints*/*.txt"), *folder.glob("constraints.txt")]):
        lines = (line.split("#")[0].strip() for line in file.read_text("utf-8").splitlines())
        found += [line for line in lines if line and not line.startswith("-")]
    return found


def uv(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([UV, *words], capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("made", ["coupled_stack"], indirect=True)
def test_the_story_of_coupled_stack(made: Made) -> None:
    assert made.holds.keys() == {"boto3", "botocore", "networkx", "python-dateutil", "s3transfer", "urllib3"}
    cap = made.holds["boto3"]["because"][0]
    assert (cap["kind"], cap["requirement"]) == ("requirement", "boto3<1.27") and cap["by"].startswith("requirements.in:")
    chain = made.holds["urllib3"]["because"][0]
    assert chain["by"] == "botocore 1.29.165" and chain["requirement"] == "urllib3>=1.25.4,<1.27"
    assert "boto3 → botocore" in chain["release"] and "drop the <1.27 in requirements.in" in chain["release"]
    assert made.holds["networkx"]["because"][0]["kind"] == "python"
    assert parsed(made.holds["networkx"]["at"]) < parsed(made.holds["networkx"]["latest"])
    together = [set(members) for members in _couplings(made.plan)]
    assert {"pydantic", "pydantic-core"} <= next(members for members in together if "pydantic" in members)
    telemetry = {"opentelemetry-api", "opentelemetry-sdk", "opentelemetry-semantic-conventions"}
    assert any(telemetry <= members for members in together)
    place = {change["name"]: stage["number"] for stage in made.plan["stages"] for change in stage["changes"]}
    assert place["werkzeug"] <= place["flask"]


def _couplings(plan: dict[str, Any]) -> list[tuple[str, ...]]:
    changes = [change for stage in plan["stages"] for change in stage["changes"] if change["coupled_with"]]
    return [(change["name"], *change["coupled_with"]) for change in changes]


def test_legacy_billing_is_cured_as_far_as_it_can_be(samples: Samples, tmp_path: Path) -> None:
    """Real pins and real records. What stays is held by a line of the project, which is named."""
    built = samples.drifted("legacy_billing")
    records = tmp_path / "records"
    records.mkdir()
    for line in (DATA / "advisories" / "sample.jsonl").read_text("utf-8").splitlines():
        (records / f"{json.loads(line)['id']}.json").write_text(line, encoding="utf-8")
    assert steadypin("db", "update", "--from", str(records), cwd=tmp_path, home=tmp_path / "home").code == 0
    words = ("plan", str(built.folder), "--python", str(built.python), "--to", "security", "--format", "json")
    ran = steadypin(*words, cwd=tmp_path, home=tmp_path / "home")
    assert ran.code == 0, ran.err
    repairs, cures = ran.json["stages"]
    assert (repairs["number"], cures["title"]) == (0, "security fixes")
    cured = {change["name"]: change["cures"] for change in cures["changes"] if change["cures"]}
    assert cured == {
        "certifi": ["PYSEC-2023-135"],
        "py": ["PYSEC-2022-42969"],
        "python-jose": ["GHSA-6c5p-j8vq-pqhj"],
        "requests": ["PYSEC-2023-74"],
    }
    raised = {change["name"] for change in cures["changes"] if change["kind"] == "upgrade"}
    assert raised == {"certifi", "pytest", "python-jose", "requests"}  # pytest, because py goes with it
    lines = {hold["name"]: hold["because"][0]["by"] for hold in ran.json["holds"]}
    assert {name: place.partition(":")[0] for name, place in lines.items()} == {
        "ecdsa": "constraints/frozen.txt",
        "idna": "constraints/network.txt",
        "urllib3": "constraints/network.txt",
    }
