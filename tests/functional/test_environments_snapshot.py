"""Snapshots, SBOMs and the check of installed files."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steadypin.errors import SourceError, SteadypinError
from steadypin.model.installed import PythonEnvironment
from steadypin.sources.environments import find_environment, read_environment
from steadypin.sources.record import verify_files
from steadypin.sources.snapshot import emit_script, read_snapshot, write_snapshot
from tests.support.venvs import install, make_venv, other_pythons, python_of, site_of


def read(place: Path) -> PythonEnvironment:
    return read_environment(find_environment(place.parent, python=str(place), environ={}), cache_dir=None)


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    place = make_venv(tmp_path / "venv", system_site_packages=True)
    site = site_of(place)
    install(site, "alpha", "1.0", requires=["beta>=2"], requested=True)
    (install(site, "beta", "2.0") / "direct_url.json").write_text(
        '{"url": "https://me:hunter2@files.example/b.zip", "archive_info": {}}', encoding="utf-8"
    )
    (site / "broken-1.dist-info").mkdir()
    (site / "~left-1.dist-info").mkdir()
    (site / "old-1.egg-info").mkdir()
    (site / "old-1.egg-info" / "PKG-INFO").write_bytes("Name: old\nVersion: 1\nAuthor: J\xf6rg\n".encode("latin-1"))
    (site / "old-1.egg-info" / "requires.txt").write_text("six\n[extra]\nsix>1\n", encoding="utf-8")
    project = tmp_path / "project"
    (project / "dev.egg-info").mkdir(parents=True)
    (project / "dev.egg-info" / "PKG-INFO").write_text("Name: dev\nVersion: 0.1\n\n", encoding="utf-8")
    (site / "dev.egg-link").write_text(f"{project}\n.", encoding="utf-8")
    (site / "easy-install.pth").write_text(f"import os\n{project}\n", encoding="utf-8")
    return place


@pytest.mark.parametrize("how", ["stdin", "file", "without-site"])
def test_the_script_gives_the_ledger_of_the_disk(environment: Path, tmp_path: Path, how: str) -> None:
    script = tmp_path / "take" / "snapshot.py"
    script.parent.mkdir()
    script.write_text(emit_script(), encoding="utf-8")
    options = {"stdin": ["-"], "file": [str(script)], "without-site": ["-S", "-"]}[how]
    done = subprocess.run(
        [str(python_of(environment)), *options], input=script.read_bytes(), capture_output=True, check=True, cwd=script.parent
    )
    assert b"hunter2" not in done.stdout
    place = tmp_path / "snapshot.json"
    place.write_bytes(b"Last login: yesterday\n" + done.stdout)
    found, live = read_snapshot(place), read(environment)
    assert found.distributions == live.distributions
    assert (found.paths, found.kind, found.problems) == (live.paths, live.kind, live.problems)
    assert (found.target.tags, found.target.environment) == (live.target.tags, live.target.environment)
    assert read(place) == found


@pytest.mark.parametrize("python", other_pythons(), ids=lambda path: path.parent.parent.name)
def test_the_script_runs_on_other_pythons(python: Path, tmp_path: Path) -> None:
    done = subprocess.run([str(python), "-"], input=emit_script().encode(), capture_output=True, check=True, cwd=tmp_path)
    place = tmp_path / "snapshot.json"
    place.write_bytes(done.stdout)
    found, live = read_snapshot(place), read(python)
    assert found.distributions == live.distributions
    assert found.target.tags == live.target.tags


def test_a_written_snapshot_is_read_back_equal(environment: Path, tmp_path: Path) -> None:
    live = read(environment)
    place = tmp_path / "snapshot.json"
    place.write_text(write_snapshot(live), encoding="utf-8")
    assert read_snapshot(place) == live


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        "<<<steadypin {} steadypin>>>",
        '<<<steadypin {"facts": {}, "folders": {}, "files": {}, "schema_version": 1} steadypin>>>',
        "<<<steadypin cut o",
    ],
)
def test_what_is_no_snapshot_is_one_clear_error(content: str, tmp_path: Path) -> None:
    place = tmp_path / "snapshot.json"
    place.write_text(content, encoding="utf-8")
    with pytest.raises(SteadypinError, match=r"snapshot\.json") as caught:
        read_snapshot(place)
    assert caught.value.hint


# -- SBOM --------------------------------------------------------------------------------------------------------------------

CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "components": [
        {
            "type": "library",
            "name": "Flask",
            "purl": "pkg:pypi/Flask@3.0.1",
            "components": [{"purl": "pkg:pypi/jinja2@3.1.4?extension=zip"}],
        },
        {"purl": "pkg:pypi/tool@1.0%2Blocal?vcs_url=git%2Bhttps://me:secret@files.example/tool.git%40abc"},
        {"purl": "pkg:npm/left-pad@1"},
        {"purl": "pkg:pypi/"},
        {"name": "no purl"},
        7,
    ],
}
SPDX = {
    "spdxVersion": "SPDX-2.3",
    "packages": [
        {"name": "flask", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:pypi/flask@3.0.1"}]},
        {
            "name": "jinja2",
            "externalRefs": [
                {"referenceType": "cpe23Type", "referenceLocator": "cpe"},
                {"referenceType": "purl", "referenceLocator": "pkg:pypi/jinja2@3.1.4"},
            ],
        },
        {"name": "tool", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:pypi/tool@1.0+local"}]},
    ],
}
SPDX3 = {
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
    "@graph": [{"software_packageUrl": f"pkg:pypi/{n}"} for n in ("flask@3.0.1", "jinja2@3.1.4", "tool@1.0+local")],
}


@pytest.mark.parametrize("document", [CYCLONEDX, SPDX, SPDX3], ids=["cyclonedx", "spdx-2", "spdx-3"])
def test_an_sbom_is_an_installed_ledger(document: object, tmp_path: Path) -> None:
    place = tmp_path / "sbom.json"
    place.write_text(json.dumps(document), encoding="utf-8")
    found = read(place)
    assert found.kind == "sbom"
    assert [(item.name, item.version) for item in found.distributions] == [
        ("flask", "3.0.1"),
        ("jinja2", "3.1.4"),
        ("tool", "1.0+local"),
    ]
    assert "secret" not in repr(found)
    if document is CYCLONEDX:
        tool = found.distributions[2].direct_url
        assert tool is not None and (tool.kind, tool.revision) == ("vcs", "abc")
        assert [problem.location.key for problem in found.problems] == ["components[3]"]


_JSON = st.recursive(
    st.none()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["pkg:pypi/a@1", "pkg:pypi/%ff@%00?vcs_url=@", "CycloneDX"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["components", "purl", "packages", "externalRefs", "referenceType", "@graph"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=_JSON, head=st.sampled_from([{"bomFormat": "CycloneDX"}, {"spdxVersion": "SPDX-2.3"}]))
def test_any_json_is_packages_or_one_clear_error(value: object, head: dict[str, str], tmp_path: Path) -> None:
    place = tmp_path / "sbom.json"
    place.write_text(
        json.dumps({**head, **(value if isinstance(value, dict) else {"components": value, "packages": value})}),
        encoding="utf-8",
    )
    with contextlib.suppress(SourceError):
        read_snapshot(place)


# -- file drift --------------------------------------------------------------------------------------------------------------


def drifts(place: Path, workers: int = 1) -> list[tuple[str, str, str | None]]:
    found = read(place)
    check = verify_files(found.distributions, site_folders=[str(site_of(place))], prefix=str(place), workers=workers)
    return [(drift.kind, Path(drift.path).name, drift.name) for drift in check.drifts]


def test_untouched_files_are_not_drift(tmp_path: Path) -> None:
    place = make_venv(tmp_path / "venv")
    install(
        site_of(place), "alpha", "1.0", files={f"alpha/m{number}.py": "x" * number for number in range(400)}, requested=True
    )
    (site_of(place) / "alpha" / "__pycache__").mkdir()
    (site_of(place) / "alpha" / "__pycache__" / "m1.cpython-311.pyc").touch()
    assert drifts(place, workers=1) == drifts(place, workers=2) == []


def test_edited_missing_and_unowned_files_are_found(tmp_path: Path) -> None:
    place = make_venv(tmp_path / "venv")
    site = site_of(place)
    install(
        site,
        "alpha",
        "1.0",
        files={"alpha/same_size.py": "a = 1\n", "alpha/longer.py": "b\n", "alpha/gone.py": "", "alpha/fine.py": ""},
    )
    (site / "alpha" / "same_size.py").write_text("a = 2\n", encoding="utf-8", newline="")
    (site / "alpha" / "longer.py").write_text("bbb\n", encoding="utf-8", newline="")
    (site / "alpha" / "gone.py").unlink()
    (site / "alpha" / "extra.py").touch()
    (site / "stray.pth").write_text("import stray\n", encoding="utf-8")
    assert drifts(place) == [
        ("unowned", "extra.py", None),
        ("missing", "gone.py", "alpha"),
        ("changed", "longer.py", "alpha"),
        ("changed", "same_size.py", "alpha"),
        ("unowned", "stray.pth", None),
    ]


def test_a_record_that_leads_out_of_the_environment_is_said_and_not_followed(tmp_path: Path) -> None:
    place = make_venv(tmp_path / "venv")
    info = install(site_of(place), "alpha", "1.0")
    script = place / ("Scripts" if os.name == "nt" else "bin") / "alpha"
    script.write_text("", encoding="utf-8")
    with (info / "RECORD").open("a", encoding="utf-8") as record:
        record.write(f"{os.path.relpath(script, site_of(place))},sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n")
        record.write("../../../../../../../../../../etc/passwd,sha256=x,1\n")
    assert [(kind, name) for kind, name, _ in drifts(place)] == [("outside", "passwd")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b'a,b\n"open',
        b"alpha.py,sha256=!!!,12\n",
        b"alpha.py,sha256,99999999999999999999\n",
        b",,\n\n\0,,\n",
    ],
)
def test_a_broken_record_is_drift_and_never_an_error(content: bytes, tmp_path: Path) -> None:
    place = make_venv(tmp_path / "venv")
    (install(site_of(place), "alpha", "1.0") / "RECORD").write_bytes(content)
    assert drifts(place)


def test_without_a_record_only_that_is_said(tmp_path: Path) -> None:
    place = make_venv(tmp_path / "venv")
    (install(site_of(place), "alpha", "1.0") / "RECORD").unlink()
    assert drifts(place) == [("no-record", "RECORD", "alpha")]
