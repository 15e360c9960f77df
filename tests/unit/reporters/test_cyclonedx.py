"""The CycloneDX document: valid by the official library, and true to the ledgers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from steadypin.checks import advisories
from steadypin.config import Settings
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.facts import Facts
from steadypin.model.finding import Suppressed
from steadypin.model.installed import DirectUrl
from steadypin.model.location import Location
from steadypin.model.locked import LockedDependency, LockedFile, Origin
from steadypin.model.report import Report
from steadypin.model.severity import Severity
from steadypin.pipeline.audit import report
from steadypin.reporters.cyclonedx import render
from steadypin.reporters.reporter import Presentation
from steadypin.sources.sbom import read_sbom
from tests.contracts.test_reporters import hostile_report
from tests.support.ledgers import LINUX_312, declared, facts, installed, lock, manifest, pin

HASH = "sha256:" + "ab" * 32
WHEEL = LockedFile(filename="flask-3.0-py3-none-any.whl", url="https://files.example/a b/flask-3.0.whl", hashes=(HASH,))
VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


def document(made: Report | Facts) -> dict[str, Any]:
    """What is rendered, once the official validator has accepted it."""
    made = report(made, Settings(root=Path()), command="audit") if isinstance(made, Facts) else made
    text = render(made, Presentation())
    assert text == render(made, Presentation())
    error = VALIDATOR.validate_str(text)
    assert error is None, error
    found = json.loads(text)
    references = {row["bom-ref"] for row in found["components"]} | {"project"}
    assert {row["ref"] for row in found["dependencies"]} | set().union(
        *(row.get("dependsOn", ()) for row in found["dependencies"])
    ) <= references
    return found  # type: ignore[no-any-return]


def environment() -> Facts:
    return facts(
        manifest(declared("flask>=3"), project_name="shop"),
        lock(
            pin("flask", "3.0", files=(WHEEL, LockedFile(hashes=("sha512:" + "cd" * 64, "blake3:00", "sha256:zz")))),
            pin("jinja2", "3.1"),
            pin("missing", "1.0"),
        ),
        installed=(
            installed("flask", "3.0", "jinja2>=3", "click"),
            installed("jinja2", "3.0"),
            installed("click", "8.1+local", layer="2/3 sha256:ab"),
            installed("tool", "1", direct_url=DirectUrl(kind="vcs", url="https://me:s3cret@git.example/tool", revision="abc")),
        ),
    )


def test_components_are_what_is_installed_with_the_hashes_of_the_lock() -> None:
    rows = {row["name"]: row for row in document(environment())["components"]}
    assert {name: row["version"] for name, row in rows.items()} == {
        "click": "8.1+local",
        "flask": "3.0",
        "jinja2": "3.0",
        "tool": "1",
    }
    assert rows["click"]["purl"] == "pkg:pypi/click@8.1%2Blocal"
    assert rows["tool"]["purl"] == "pkg:pypi/tool@1?vcs_url=git%2Bhttps%3A%2F%2F%2A%2A%2A%2A%40git.example%2Ftool%40abc"
    assert rows["flask"]["externalReferences"] == [
        {
            "type": "distribution",
            "url": "https://files.example/a%20b/flask-3.0.whl",
            "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
        },
        {"type": "distribution", "url": "pkg:pypi/flask@3.0", "hashes": [{"alg": "SHA-512", "content": "cd" * 64}]},
    ]
    assert "externalReferences" not in rows["jinja2"], "the lock allows files of another version"
    assert {"name": "steadypin:layer", "value": "2/3 sha256:ab"} in rows["click"]["properties"]
    assert not any("licenses" in row for row in rows.values())


def test_the_graph_is_that_of_the_installed_requirements() -> None:
    graph = {row["ref"]: row.get("dependsOn") for row in document(environment())["dependencies"]}
    assert graph["project"] == ["pkg:pypi/flask@3.0"]
    assert graph["pkg:pypi/flask@3.0"] == ["pkg:pypi/click@8.1%2Blocal", "pkg:pypi/jinja2@3.0"]
    assert graph["pkg:pypi/jinja2@3.0"] is None


def test_without_an_environment_it_is_what_is_locked() -> None:
    edges = (LockedDependency(name="b"), LockedDependency(name="c", marker='sys_platform == "win32"'))
    known = facts(
        lock(
            pin("a", "1", dependencies=edges, groups=("main",)),
            pin("b", "2", groups=("main",), kind="vcs", origin=Origin(kind="vcs", url="https://git.example/b", revision="f00")),
            pin("c", "3", groups=("dev",)),
            format="poetry",
            format_version="2.1",
        )
    )
    found = document(known)
    assert [(row["name"], row["scope"]) for row in found["components"]] == [
        ("a", "required"),
        ("b", "required"),
        ("c", "optional"),
    ]
    graph = {row["ref"]: row.get("dependsOn") for row in found["dependencies"]}
    assert graph["pkg:pypi/a@1"] == ["pkg:pypi/b@2?vcs_url=git%2Bhttps%3A%2F%2Fgit.example%2Fb%40f00"]


MATCH = AdvisoryMatch(
    name="jinja2",
    version="3.0",
    primary="PYSEC-1",
    ids=("CVE-1", "PYSEC-1"),
    records=("PYSEC-1",),
    fixed_in=("3.1",),
    severity=Severity.HIGH,
    score=7.5,
    summary="a sandbox breakout",
    references=("https://advisories.example/1 2",),
)


def with_flaw(*suppressed: Suppressed) -> dict[str, Any]:
    base = report(environment(), Settings(root=Path()), command="audit")
    finding = replace(
        advisories.VULNERABLE.finding("x", package="jinja2", version="3.0", remedy="move to jinja2==3.1"), advisory=MATCH
    )
    elsewhere = replace(finding, advisory=replace(MATCH, version="2.0"))
    entries = tuple(replace(entry, finding=finding) for entry in suppressed)
    return document(replace(base, findings=() if suppressed else (finding, finding, elsewhere), suppressed=entries))


def test_flaws_are_listed_with_the_component_that_has_them() -> None:
    assert with_flaw()["vulnerabilities"] == [
        {
            "id": "PYSEC-1",
            "source": {"name": "OSV"},
            "references": [{"id": "CVE-1", "source": {"name": "OSV"}}],
            "ratings": [{"severity": "high", "score": 7.5}],
            "description": "a sandbox breakout",
            "advisories": [{"url": "https://advisories.example/1%202"}],
            "recommendation": "move to jinja2==3.1",
            "affects": [{"ref": "pkg:pypi/jinja2@3.0"}],
        }
    ]


@pytest.mark.parametrize(
    ("reason", "analysis"),
    [
        ("we know", {"detail": "Accepted (until 2027-01-01): we know"}),
        (
            "vulnerable_code_not_in_execute_path: never called",
            {"state": "not_affected", "justification": "code_not_reachable", "detail": "never called (until 2027-01-01)"},
        ),
    ],
)
def test_what_the_team_decided_is_the_analysis(reason: str, analysis: dict[str, str]) -> None:
    base = advisories.VULNERABLE.finding("x")
    (row,) = with_flaw(Suppressed(finding=base, reason=reason, until="2027-01-01"))["vulnerabilities"]
    assert row["analysis"] == analysis and "recommendation" not in row


def test_hostile_names_give_a_valid_document() -> None:
    assert "s3cret" not in json.dumps(document(hostile_report()))


def test_broken_metadata_gives_a_component_without_a_version() -> None:
    found = document(facts(installed=(installed("odd", None, location=Location(path="odd.dist-info")),)))
    (row,) = found["components"]
    assert "version" not in row and row["purl"] == "pkg:pypi/odd"


def test_the_serial_number_follows_from_what_is_said() -> None:
    assert document(environment())["serialNumber"] == document(environment())["serialNumber"]
    assert document(environment())["serialNumber"] != with_flaw()["serialNumber"]
    assert document(environment())["metadata"]["timestamp"] == environment().taken_at


def test_what_we_write_we_read_again(tmp_path: Path) -> None:
    path = tmp_path / "app.cdx.json"
    path.write_text(render(report(environment(), Settings(root=Path()), command="audit"), Presentation()), encoding="utf-8")
    again = read_sbom(path, target=LINUX_312)
    assert [(d.name, d.version) for d in again.distributions] == [
        ("click", "8.1+local"),
        ("flask", "3.0"),
        ("jinja2", "3.0"),
        ("tool", "1"),
    ]
    assert again.distributions[3].direct_url is not None and again.distributions[3].direct_url.revision == "abc"
    assert not again.problems
