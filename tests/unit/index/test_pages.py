from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypin.errors import NetworkError
from steadypin.index.condensed import decode, encode, project_of
from steadypin.index.merging import merge
from steadypin.index.pages import JSON_TYPE, Page, files_of, published, read_page
from steadypin.model.released import Project, Release

URL = "https://index.example/simple/a/"


def page(*files: dict[str, Any], **more: Any) -> Page:
    document = {"meta": {"api-version": "1.4"}, "name": "a", "files": list(files), **more}
    return read_page(json.dumps(document).encode(), JSON_TYPE, url=URL, name="a")


def project(*files: dict[str, Any], **more: Any) -> Project:
    return project_of(page(*files, **more), "https://index.example/simple")


def wheel(version: str, **more: Any) -> dict[str, Any]:
    return {"filename": f"a-{version}-py3-none-any.whl", "url": f"f/a-{version}-py3-none-any.whl", "hashes": {}, **more}


def sdist(version: str, **more: Any) -> dict[str, Any]:
    return {"filename": f"a-{version}.tar.gz", "url": "f", "hashes": {}, **more}


def test_equal_versions_in_other_spellings_are_one_release() -> None:
    (release,) = project(wheel("1.0"), sdist("1.0.0"), wheel("1.0.0")).releases
    assert release.version == "1.0"
    assert (release.wheels, release.sdist) == (("a-*-py3-none-any.whl",), True)


def test_a_release_is_yanked_when_all_its_files_are_and_has_the_first_reason() -> None:
    found = project(
        wheel("1", yanked=True),
        sdist("1", yanked="why"),
        wheel("2", yanked="x"),
        sdist("2", yanked=False),
        wheel("3", yanked=""),
    )
    assert [release.yanked for release in found.releases] == ["why", None, ""]


def test_published_is_the_earliest_time_that_is_one() -> None:
    times = ["2024-02-01T00:00:00Z", "2024-01-31T23:59:59.999Z", "yesterday", None, 7, "2024-02-31T00:00:00Z", "0Z"]
    (release,) = project(*(wheel("1", **{"upload-time": time}) for time in times)).releases
    assert release.published == "2024-01-31T23:59:59Z"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00.123456Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T02:00:00+02:00", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00", "2024-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+02:00", None),
        ("2024-13-01T00:00:00Z", None),
        ("", None),
        (None, None),
        (1700000000, None),
    ],
)
def test_published(text: object, expected: str | None) -> None:
    assert published(text) == expected


def test_requires_python_is_the_first_that_there_is() -> None:
    files = [
        wheel("1"),
        wheel("1", **{"requires-python": ""}),
        sdist("1", **{"requires-python": ">=3.8"}),
        wheel("1", **{"requires-python": 7}),
    ]
    (release,) = project(*files).releases
    assert release.requires_python == ">=3.8"


def test_versions_that_are_not_pep_440_are_counted_and_left_out() -> None:
    found = project(sdist("2004d"), sdist("final"), wheel("1.0_1"), wheel("1.0"), wheel("9" * 5000))
    assert ([release.version for release in found.releases], found.unreadable) == (["1.0"], 4)


def test_other_files_are_not_releases() -> None:
    strange = [{"filename": name} for name in ("a-1.0.exe", "b-1.0.tar.gz", "", "-", None, 7, [], "a-1.0-py3-none-any.whl\n")]
    assert project(*strange, "not an object", None).releases == ()


@pytest.mark.parametrize(
    "status", [{"status": "archived", "reason": "r"}, {"status": "quarantined"}, "deprecated", {"status": "odd"}, 7]
)
def test_status(status: object) -> None:
    for found in (project(**{"project-status": status}), project(meta={"api-version": "1.4", "project-status": status})):
        assert found.status in {"archived", "quarantined", "deprecated", "active"}


def test_files_of_one_version_with_every_spelling_of_it() -> None:
    found = files_of(
        page(wheel("1.0", hashes={"sha256": "ab", "md5": "cd", "x": 3}, size=5), sdist("1", size=-1), wheel("2")), "1.0.0"
    )
    assert [file.filename for file in found] == ["a-1.0-py3-none-any.whl", "a-1.tar.gz"]
    assert found[0].hashes == ("md5:cd", "sha256:ab")
    assert found[0].url == "https://index.example/simple/a/f/a-1.0-py3-none-any.whl"
    assert [file.size for file in found] == [5, None]


@pytest.mark.parametrize(
    "odd", [{"url": 7}, {"url": "http://[bad"}, {"hashes": 7}, {"size": True}, {"yanked": 7}, {"core-metadata": "x"}]
)
def test_odd_values_do_no_harm(odd: dict[str, Any]) -> None:
    assert len(files_of(page({**wheel("1"), **odd}))) == 1
    assert len(project({**wheel("1"), **odd}).releases) == 1


HTML = """<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.4">
<meta name="pypi:project-status" content="deprecated"><base href="https://files.example/x/"></head><body>
<a href="../a-1.0-py3-none-any.whl#sha256=abc" data-requires-python="&gt;=3.8" data-yanked>a</a>
<A HREF='a-1.0.tar.gz#md5=ff' data-dist-info-metadata="true" data-yanked="no &amp; no">b</A>
<a href="a-1.1%2Blocal-py3-none-any.whl" data-core-metadata="false">c</a>
<a href="https://[broken">d</a><a>e</a><a href="">f</a><a href="a-3.0.tar.gz
"""


def test_html() -> None:
    read = read_page(HTML.encode(), "text/html; charset=utf-8", url=URL, name="a")
    found = project_of(read, URL)
    assert found.status == "deprecated"
    assert [release.version for release in found.releases] == ["1.0", "1.1+local"]
    assert found.releases[0] == Release("1.0", None, "no & no", ">=3.8", ("a-*-py3-none-any.whl",), True)
    files = files_of(read)
    assert files[0].url == "https://files.example/a-1.0-py3-none-any.whl"
    assert [file.hashes for file in files] == [("sha256:abc",), ("md5:ff",), ()]
    assert [file.metadata for file in files] == [False, True, False]


@given(st.binary(max_size=300), st.sampled_from([JSON_TYPE, "text/html", "application/json", "", "text/html; charset=x"]))
def test_any_bytes_are_a_page_or_an_error_with_a_reason(body: bytes, kind: str) -> None:
    try:
        project_of(read_page(body, kind, url=URL, name="a"), URL)
    except NetworkError as error:
        assert error.reason in {"not-json", "truncated", "not-html", "content-type", "wrong-name", "api-version", "no-files"}


JSON_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
)
FILE = st.fixed_dictionaries(
    {"filename": st.sampled_from(["a-1.0-py3-none-any.whl", "a-1.0.0.tar.gz", "A-2.0rc1-1-py3-none-any.whl", "a-x.zip"])},
    optional=dict.fromkeys(("url", "hashes", "yanked", "requires-python", "upload-time", "core-metadata", "size"), JSON_VALUE),
)


@given(st.lists(FILE, max_size=6), JSON_VALUE, JSON_VALUE)
def test_what_is_condensed_comes_back_as_it_was(files: list[dict[str, Any]], status: Any, meta: Any) -> None:
    try:
        found = project(*files, **{"project-status": status, "meta": meta})
    except NetworkError:
        return
    assert decode(encode(found)) == found
    files_of(page(*files))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b'{"versions": 7}', b"[" * 100_000, b"\xff"])
def test_what_is_not_condensed_is_none(data: bytes) -> None:
    assert decode(data) is None


def rows(*versions: str, **more: Any) -> Project:
    return Project(name="a", index=f"https://{len(versions)}.example", releases=tuple(Release(v, **more) for v in versions))


def test_merging_keeps_the_order_and_joins_equal_versions() -> None:
    one = rows("1.0", "3.0", yanked="bad", wheels=("x",))
    other = rows("0.9", "1", "2", "3.0.0", published="2020-01-01T00:00:00Z", wheels=("x", "y"))
    for merged in (merge([one, other]), merge([one, other, rows()])):
        assert merged.index == one.index
        assert [release.version for release in merged.releases] == ["0.9", "1.0", "2", "3.0"]
        assert merged.releases[1] == Release("1.0", "2020-01-01T00:00:00Z", None, None, ("x", "y"))
    assert [release.version for release in merge([other, one]).releases] == ["0.9", "1", "2", "3.0.0"]


def test_merging_takes_the_first_status_that_says_something() -> None:
    noted = Project(name="a", index="i", status="archived", status_reason="why")
    assert merge([rows("1"), noted]).status == "archived"
    assert merge([rows("1"), noted]).status_reason == "why"
