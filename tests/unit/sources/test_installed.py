from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypin.model.installed import DirectUrl, InstalledDistribution
from steadypin.sources.import_paths import import_paths
from steadypin.sources.installed import read_listing
from tests.support.trees import tree_of
from tests.support.venvs import dist_info


def read_one(files: dict[str, bytes], path: str = "site") -> InstalledDistribution:
    (found,) = read_listing([path], tree=tree_of(files)).distributions
    return found


def test_a_dist_info_with_all_that_installers_write() -> None:
    url = json.dumps(
        {
            "url": "https://me:secret@files.example/a.git",
            "vcs_info": {"vcs": "git", "commit_id": "abc", "requested_revision": "main"},
        }
    )
    found = read_one(
        dist_info("My.Pkg", "1.2", at="site/", requires=["x>1"], extra={"REQUESTED": b"", "direct_url.json": url.encode()})
    )
    assert (found.name, found.raw_name, found.version, found.requires) == ("my-pkg", "My.Pkg", "1.2", ("x>1",))
    assert (found.installer, found.requested) == ("pip", True)
    assert found.direct_url == DirectUrl(
        kind="vcs", url="https://****@files.example/a.git", revision="abc", requested_revision="main"
    )
    assert found.location.path == "site/my_pkg-1.2.dist-info"
    assert not found.problems


@pytest.mark.parametrize(
    ("document", "kind", "editable"),
    [
        ({"url": "file:///src", "dir_info": {"editable": True}}, "path", True),
        ({"url": "file:///src", "dir_info": {}}, "path", False),
        ({"url": "https://files.example/a.tar.gz", "archive_info": {"hash": "sha256=00"}}, "url", False),
    ],
)
def test_direct_urls(document: object, kind: str, editable: bool) -> None:
    found = read_one(dist_info("a", "1", at="site/", extra={"direct_url.json": json.dumps(document).encode()}))
    assert found.direct_url is not None
    assert (found.direct_url.kind, found.editable) == (kind, editable)


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"url": 3}', b"\xff\xfe", b"[" * 5000])
def test_a_direct_url_that_cannot_be_read_is_a_problem(content: bytes) -> None:
    found = read_one(dist_info("a", "1", at="site/", extra={"direct_url.json": content}))
    assert found.direct_url is None
    assert [problem.location.path for problem in found.problems] == ["site/a-1.dist-info/direct_url.json"]


def test_requested_is_unknown_where_the_installer_never_says_it() -> None:
    files = {**dist_info("a", "1", at="site/", extra={"REQUESTED": b""}), **dist_info("b", "1", at="site/")}
    files |= dist_info("c", "1", at="site/", extra={"INSTALLER": b"conda"})
    found = {item.name: item.requested for item in read_listing(["site"], tree=tree_of(files)).distributions}
    assert found == {"a": True, "b": False, "c": None}
    assert read_one(dist_info("b", "1", at="site/")).requested is None


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "no Name and no Version"),
        (b"Name: a\n\n", "no Version"),
        (b"Name: a\nVersion: 1\nRequires-Di", "ends in the middle"),
        (b"Name: a\nVersion: 2020-final!\n\n", "not a PEP 440 version"),
        (b"Name: a\nVersion: " + b"9" * 5000 + b"\n\n", "not a PEP 440 version"),
        (b"Name: \x1b[31mred\nVersion: 1\n\n", "not a name"),
        (b"\x00\xff" * 100, "no Name and no Version"),
    ],
)
def test_broken_metadata_is_an_entry_with_a_problem(content: bytes, part: str) -> None:
    found = read_one({"site/a-1.0.dist-info/METADATA": content})
    assert any(part in problem.message for problem in found.problems)


def test_without_metadata_the_folder_names_the_distribution() -> None:
    found = read_one({"site/some_pkg-1.0.dist-info/RECORD": b""})
    assert (found.name, found.version) == ("some-pkg", "1.0")
    assert found.problems


def test_egg_info_as_folder_with_requires_txt() -> None:
    found = read_one(
        {
            "site/old-1.0-py2.7.egg-info/PKG-INFO": b"Metadata-Version: 1.1\nName: old\nVersion: 1.0\n",
            "site/old-1.0-py2.7.egg-info/requires.txt": b"six>=1\n\n[:python_version<'3']\nfutures\n\n[tls:os_name=='nt']\npywin\n[doc]\nsphinx\n",
        }
    )
    assert found.requires == (
        "six>=1",
        "futures ; (python_version<'3')",
        "pywin ; (os_name=='nt') and extra == \"tls\"",
        'sphinx ; extra == "doc"',
    )
    assert found.extras == ("tls", "doc")
    assert not found.problems


def test_egg_info_as_a_file() -> None:
    found = read_one({"site/old-1.0.egg-info": b"Metadata-Version: 1.0\nName: old\nVersion: 1.0\n"})
    assert (found.name, found.version, found.problems) == ("old", "1.0", ())


def test_an_egg_link_leads_to_the_project() -> None:
    found = read_one(
        {"site/My-Proj.egg-link": b"/src/proj\n.", "/src/proj/My_Proj.egg-info/PKG-INFO": b"Name: My-Proj\nVersion: 0.1\n\n"}
    )
    assert (found.name, found.version, found.editable) == ("my-proj", "0.1", True)
    assert found.location.path == "/src/proj/My_Proj.egg-info"


def test_an_egg_link_that_leads_nowhere_is_a_problem() -> None:
    found = read_one({"site/proj.egg-link": b"/gone\n."})
    assert found.editable
    assert "/gone" in found.problems[0].message


def test_an_editable_pth_marks_its_distribution() -> None:
    files = {**dist_info("a", "1", at="site/"), "site/__editable__.a-1.pth": b"/src\n"}
    assert read_one(files).editable


def test_an_earlier_path_hides_a_later_one_and_two_in_one_path_are_both_listed() -> None:
    files = {
        **dist_info("a", "2", at="first/"),
        **dist_info("a", "3", at="first/"),
        **dist_info("a", "1", at="second/"),
        **dist_info("b", "1", at="second/"),
    }
    found = read_listing(["first", "second", "first"], tree=tree_of(files)).distributions
    assert [(item.name, item.version) for item in found] == [("a", "2"), ("a", "3"), ("b", "1")]


def test_leftovers_of_an_uninstall_are_said_and_not_listed() -> None:
    listing = read_listing(["site"], tree=tree_of({"site/~ip-23.0.dist-info/METADATA": b"Name: pip\nVersion: 23\n\n"}))
    assert listing.distributions == ()
    assert "interrupted uninstall" in listing.problems[0].message


def test_pth_files_add_paths_in_order_and_their_code_is_not_run() -> None:
    tree = tree_of(
        {
            "/site/b.pth": b"import os; os.abort()\n/two\n# note\n\n../three\n/gone\n",
            "/site/a.pth": b"\xef\xbb\xbf/one\n",
            "/site/.hidden.pth": b"/hidden\n",
            "/one/x": b"",
            "/two/x": b"",
            "/three/x": b"",
            "/hidden/x": b"",
            "/std/os.py": b"",
        }
    )
    paths = import_paths(["/std", "/zip.zip", "/site", "/two"], site_folders=["/site"], standard_library=["/std"], tree=tree)
    assert paths == ("/site", "/one", "/two", "/three")


_PIECES = st.sampled_from(
    [b"Name: a\n", b"Version: 1\n", b"Version: x y\n", b"\n", b"Requires-Dist: b; (\n", b" fold\n", b"\xff\x00", b":", b"\r\n"]
)


@given(st.lists(_PIECES, max_size=8).map(b"".join), st.binary(max_size=60), st.binary(max_size=60))
def test_any_metadata_gives_an_entry_and_never_an_error(metadata: bytes, url: bytes, requires: bytes) -> None:
    files = {
        "site/a-1.dist-info/METADATA": metadata,
        "site/a-1.dist-info/direct_url.json": url,
        "site/b-1.egg-info/PKG-INFO": metadata,
        "site/b-1.egg-info/requires.txt": requires,
        "site/c.egg-link": url,
    }
    assert len(read_listing(["site"], tree=tree_of(files)).distributions) >= 1
