"""`steadypin pin` as a user runs it: real environments, a real index, the real uv."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadypin import toml
from tests.support.command import Ran, steadypin
from tests.support.index_server import NeedsLogin, Rel, Says, TestIndex
from tests.support.venvs import install, make_venv, site_of

PACKAGES = {
    "web": [Rel("1.0", requires=["click>=7", 'colorama; sys_platform == "win32"']), Rel("2.0", requires=["click>=8"])],
    "click": [Rel("7.0"), Rel("8.0", sdist=True)],
    "colorama": [Rel("0.4")],
    "checker": [Rel("5.0", requires=["helper"])],
    "helper": [Rel("1.0")],
    "stray": [Rel("3.0")],
    "native": [Rel("1.0", tags=("py3-none-manylinux_2_17_x86_64", "py3-none-manylinux_2_17_aarch64", "py3-none-win_amd64"))],
}


@pytest.fixture(scope="module")
def index() -> Iterator[TestIndex]:
    with TestIndex(PACKAGES) as served:
        yield served


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that declares `web`, with `checker` for tests; its environment has these, what they need, and a stray."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "requirements.in").write_text("web\n", encoding="utf-8")
    (root / "requirements-dev.in").write_text("checker\n", encoding="utf-8")
    (root / "app.py").write_text("import web\n", encoding="utf-8")
    site = site_of(make_venv(root / ".venv"))
    install(site, "web", "1.0", requires=PACKAGES["web"][0].requires, requested=True)
    install(site, "click", "8.0")
    install(site, "checker", "5.0", requires=["helper"], requested=True)
    install(site, "helper", "1.0")
    install(site, "stray", "3.0")
    install(site, "setuptools", "70.0")
    return root


def pin(project: Path, index: TestIndex, *words: str) -> Ran:
    return steadypin("pin", "--index-url", index.url, *words, cwd=project, home=project.parent / "home")


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def section(text: str, title: str) -> set[str]:
    part = text.partition(f"# --- {title}")[2].partition("# ---")[0]
    return set(pins(part))


def test_every_version_exactly_with_all_hashes_and_why(project: Path, index: TestIndex) -> None:
    ran = pin(project, index)
    assert ran.code == 0, ran.err
    assert pins(ran.out) == {"web": "1.0", "click": "8.0", "checker": "5.0", "helper": "1.0"}
    assert section(ran.out, "What the project asks for") == {"web"}
    assert section(ran.out, "What those need") == {"click"}
    assert section(ran.out, "For development only") == {"checker", "helper"}
    offered = {file.sha256 for name in ("click",) for file in index.files[name].values() if file.release.version == "8.0"}
    assert (
        offered == set(re.findall(r"sha256:(\w+)", ran.out.partition("click==8.0")[2].partition("#")[0])) and len(offered) == 2
    )
    assert "    # via web" in ran.out and "    # via -r requirements.in" in ran.out


def test_leftovers_and_build_tools_are_apart_and_said(project: Path, index: TestIndex) -> None:
    ran = pin(project, index)
    assert "stray 3.0  leftover" in ran.err and "setuptools 70.0  build-tool" in ran.err
    assert "#   stray 3.0 (leftover" in ran.out
    assert pins(pin(project, index, "--include-leftovers").out)["stray"] == "3.0"
    assert pins(pin(project, index, "--no-dev").out) == {"web": "1.0", "click": "8.0"}


def test_equal_environments_give_equal_bytes_and_a_lock_that_is_read_as_one(project: Path, index: TestIndex) -> None:
    assert pin(project, index, "-o", "requirements.txt").code == 0
    first = (project / "requirements.txt").read_bytes()
    again = pin(project, index, "-o", "requirements.txt")
    assert again.code == 0 and (project / "requirements.txt").read_bytes() == first
    shown = steadypin("show", "requirements.txt", "--format", "json", cwd=project)
    assert all(package["hashes"] for package in shown.json["packages"])


def test_the_lock_is_proved_in_a_fresh_environment(project: Path, index: TestIndex) -> None:
    ran = pin(project, index, "-o", "locked.txt", "--verify")
    assert ran.code == 0, ran.err
    assert "verified: 4 packages" in ran.err


def test_a_pylock_is_valid_and_proved(project: Path, index: TestIndex) -> None:
    from packaging.pylock import Pylock

    ran = pin(project, index, "-o", "pylock.toml", "--verify")
    assert ran.code == 0, ran.err
    lock = Pylock.from_dict(toml.loads((project / "pylock.toml").read_text("utf-8")))
    assert {package.name: str(package.version) for package in lock.packages} == {
        "web": "1.0",
        "click": "8.0",
        "checker": "5.0",
        "helper": "1.0",
    }


def test_what_contradicts_itself_is_named_and_pinned_only_as_it_is(project: Path, index: TestIndex) -> None:
    site = site_of(project / ".venv")
    for info in site.glob("click-*"):
        info.rename(site / "click-6.0.dist-info")
    metadata = site / "click-6.0.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text("utf-8").replace("8.0", "6.0"), "utf-8")
    index.add("click", [Rel("6.0"), Rel("8.0")])
    try:
        refused = pin(project, index, "-o", "locked.txt")
        assert refused.code == 1 and not (project / "locked.txt").exists()
        assert "violated: web requires click>=7, and 6.0 is installed" in refused.err
        taken = pin(project, index, "-o", "locked.txt", "--as-is")
        assert taken.code == 0 and pins((project / "locked.txt").read_text("utf-8"))["click"] == "6.0"
    finally:
        index.add("click", PACKAGES["click"])


def test_what_is_declared_and_not_installed_is_named(project: Path, index: TestIndex) -> None:
    (project / "requirements.in").write_text("web\nserver>=2\n", encoding="utf-8")
    ran = pin(project, index)
    assert ran.code == 1 and "requires server>=2, and it is not installed" in ran.err


def test_a_release_that_no_index_has_is_named_with_a_way_out(project: Path, index: TestIndex) -> None:
    install(site_of(project / ".venv"), "torch", "2.1.0+cu118")
    (project / "requirements.in").write_text("web\ntorch\n", encoding="utf-8")
    ran = pin(project, index, "--vendor", "wheels")
    assert ran.code == 1
    assert "unknown: torch 2.1.0+cu118: no index" in ran.err and "index of cu118 builds" in ran.err
    assert "Wheels that wheels would have to hold" in ran.err
    kept = pin(project, index, "--as-is")
    assert kept.code == 0 and "torch" not in pins(kept.out) and "#   torch 2.1.0+cu118" in kept.out


def test_hashes_of_a_target_alone(project: Path, index: TestIndex) -> None:
    install(site_of(project / ".venv"), "native", "1.0", tag="py3-none-manylinux_2_17_x86_64")
    (project / "requirements.in").write_text("web\nnative\n", encoding="utf-8")
    whole = pin(project, index).out.partition("native==1.0")[2].partition("#")[0]
    ran = pin(project, index, "--target", "python=3.12,platform=linux_aarch64")
    some = ran.out.partition("native==1.0")[2].partition("#")[0]
    assert whole.count("sha256") == 3 and some.count("sha256") == 1
    assert "Only files for python 3.12, linux_aarch64" in ran.out
    windows = pin(project, index, "--target", "python=3.12,platform=windows_x86_64")
    assert "also needs colorama (for web)" in windows.err


def test_version_control_is_pinned_by_commit_in_a_file_beside(project: Path, index: TestIndex) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    info = install(site_of(project / ".venv"), "tool", "1.0")
    direct = {"url": "https://git.example/tool", "vcs_info": {"vcs": "git", "commit_id": commit}, "subdirectory": "py"}
    (info / "direct_url.json").write_text(json.dumps(direct), encoding="utf-8")
    (project / "app.py").write_text("import web, tool\n", encoding="utf-8")
    ran = pin(project, index, "-o", "locked.txt")
    assert ran.code == 0, ran.err
    beside = (project / "locked-vcs.txt").read_text("utf-8")
    assert f"tool @ git+https://git.example/tool@{commit}#subdirectory=py" in beside
    assert "tool" not in pins((project / "locked.txt").read_text("utf-8"))
    assert pin(project, index, "-o", "pylock.toml").code == 0
    assert f'commit-id = "{commit}"' in (project / "pylock.toml").read_text("utf-8")


def test_what_only_this_machine_has_is_refused_with_its_state(project: Path, index: TestIndex, tmp_path: Path) -> None:
    copy = tmp_path / "shared"
    copy.mkdir()
    (copy / "shared.py").touch()
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=copy, check=True)
    info = install(site_of(project / ".venv"), "shared", "1.0")
    direct = {"url": copy.as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(direct), encoding="utf-8")
    (project / "app.py").write_text("import web, shared\n", encoding="utf-8")
    ran = pin(project, index)
    assert ran.code == 1
    assert "local: shared 1.0 is an editable install of" in ran.err and "not pushed" in ran.err


def test_an_index_without_hashes(project: Path) -> None:
    with TestIndex({}) as bare:
        for name, releases in PACKAGES.items():
            bare.add(name, releases)
        pages = {name: json.loads(bare.page(name, "json")) for name in ("web", "click", "checker", "helper")}
        for name, page in pages.items():
            for file in page["files"]:
                file["hashes"] = {}
            bare.faults[name] = Says(json.dumps(page).encode())
        refused = pin(project, bare)
        assert refused.code == 1 and "no-hashes: web 1.0: the index gives no hashes" in refused.err
        assert "--hash-by-download" in refused.err
        fetched = pin(project, bare, "--hash-by-download")
        assert fetched.code == 0, fetched.err
        (file,) = bare.files["helper"].values()
        assert file.sha256 in fetched.out


def test_an_index_that_does_not_answer_is_an_error_and_no_short_lock(project: Path) -> None:
    with TestIndex(PACKAGES, login=NeedsLogin()) as closed:
        ran = pin(project, closed, "-o", "locked.txt")
    assert ran.code == 2 and not (project / "locked.txt").exists()
    assert re.search(r"no answer about \S+", ran.err)


def test_offline_uses_what_was_answered_before(project: Path, index: TestIndex) -> None:
    first = pin(project, index)
    before = index.total
    assert pin(project, index, "--offline").out == first.out and index.total == before
    assert pin(project, index).out == first.out and index.total == before, "a day long"


@pytest.mark.parametrize(
    ("name", "said"), [("uv.lock", "only uv"), ("lock.yaml", "no kind of lock"), ("no/where.txt", "folder")]
)
def test_a_file_that_cannot_be_written(project: Path, index: TestIndex, name: str, said: str) -> None:
    ran = pin(project, index, "-o", name)
    assert ran.code == 2 and said in ran.err


@pytest.mark.skipif(os.name == "nt", reason="another layout")
def test_a_bare_folder_and_a_snapshot_can_be_pinned(project: Path, index: TestIndex) -> None:
    site = site_of(project / ".venv")
    whole = pin(project, index)
    assert pins(pin(project, index, "--python", str(site)).out) == pins(whole.out)
    taken = steadypin("snapshot", "--python", ".venv", "-o", "there.json", cwd=project)
    assert taken.code == 0
    ran = pin(project, index, "--snapshot", "there.json")
    assert ran.code == 0 and pins(ran.out) == pins(whole.out)


def test_without_any_file_the_guess_is_said(tmp_path: Path, index: TestIndex) -> None:
    root = tmp_path / "bare"
    root.mkdir()
    site = site_of(make_venv(root / ".venv"))
    install(site, "web", "1.0", requires=["click"], requested=True)
    install(site, "click", "8.0")
    ran = pin(root, index)
    assert ran.code == 0, ran.err
    assert section(ran.out, "What the project asks for") == {"web"} and section(ran.out, "What those need") == {"click"}


def test_an_empty_environment_is_no_lock(tmp_path: Path, index: TestIndex) -> None:
    root = tmp_path / "bare"
    root.mkdir()
    make_venv(root / ".venv")
    ran = pin(root, index, "-o", "locked.txt")
    assert ran.code == 2 and "nothing to pin" in ran.err and not (root / "locked.txt").exists()


def test_an_archive_by_url_keeps_its_hash_or_gets_one(project: Path, index: TestIndex) -> None:
    (name,) = index.files["helper"]
    url = f"{index.root}/files/helper/{name}"
    info = next(site_of(project / ".venv").glob("helper-*.dist-info"))
    (info / "direct_url.json").write_text(json.dumps({"url": url, "archive_info": {}}), encoding="utf-8")
    refused = pin(project, index)
    assert refused.code == 1 and "whose hash was not recorded" in refused.err
    fetched = pin(project, index, "--hash-by-download", "-o", "locked.txt", "--verify")
    assert fetched.code == 0, fetched.err
    digest = index.files["helper"][name].sha256
    assert f"helper @ {url} \\\n    --hash=sha256:{digest}" in (project / "locked.txt").read_text("utf-8")
    recorded = {"url": url, "archive_info": {"hashes": {"sha256": digest}}}
    (info / "direct_url.json").write_text(json.dumps(recorded), encoding="utf-8")
    assert f"--hash=sha256:{digest}" in pin(project, index).out
