"""Plans of the sample projects against PyPI: every stage installs, the end is everything at once, every hold is real."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from steadypin.index.client import IndexClient
from steadypin.index.routing import route
from steadypin.model.parse import version as parsed
from steadypin.reporters.plan_json import load_plan
from tests.support import samples
from tests.support.command import steadypin
from tests.support.proofs import Proof
from tests.support.samples import Samples

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,
    pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the samples' stories are those of Python 3.11"),
]
NAMES = ("parking_api", "coupled_stack", "legacy_billing")
MINOR = "3.11"
DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A sample's folder and its plan as JSON."""

    folder: Path
    plan: dict[str, Any]

    def proof(self, scratch: Path) -> Proof:
        return Proof(plan=load_plan(json.dumps(self.plan), path="plan.json"), root=self.folder, scratch=scratch)

    @property
    def holds(self) -> dict[str, dict[str, Any]]:
        return {hold["name"]: hold for hold in self.plan["holds"]}


@pytest.fixture(scope="module", params=NAMES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("plan")
    folder = samples.copy(request.param, root)
    ran = steadypin("plan", "--no-env", "--target", f"python={MINOR}", "--format", "json", cwd=folder, home=root / "home")
    assert ran.code == 0, ran.err
    return Made(folder=folder, plan=json.loads(ran.out))


def test_every_stage_can_be_installed_as_it_is(made: Made, tmp_path: Path) -> None:
    """A dry run in a clean environment takes each lock, and needs nothing beside it."""
    assert list(made.proof(tmp_path).uninstallable()) == []


def test_the_last_stage_is_everything_at_once_but_for_the_holds(made: Made, tmp_path: Path) -> None:
    assert made.proof(tmp_path).unlike_everything_at_once() == {}


def test_no_stage_undoes_an_earlier_one(made: Made, tmp_path: Path) -> None:
    assert list(made.proof(tmp_path).undone()) == []


def test_every_hold_is_real(made: Made, tmp_path: Path) -> None:
    """What is held for a requirement or a Python cannot be forced: the resolver refuses its newest release."""
    assert all(hold["because"] for hold in made.holds.values())
    assert "possible" not in made.proof(tmp_path).forced().values()


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
