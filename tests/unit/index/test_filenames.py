from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from steadypin.index.filenames import sdist_version, wheel_version
from steadypin.index.local import names_of

NAME = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._]{0,8}[A-Za-z0-9])?", fullmatch=True)
VERSION = st.from_regex(
    r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}((a|b|rc)[0-9])?(\.post[0-9])?(\.dev[0-9])?(\+[a-z0-9.]{1,4})?", fullmatch=True
)
TAGS = st.sampled_from(["py3-none-any", "cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64", "py2.py3-none-any"])
BUILD = st.sampled_from(["", "-1", "-2b"])


@given(NAME, VERSION, BUILD, TAGS)
def test_wheels_as_packaging_reads_them(name: str, version: str, build: str, tags: str) -> None:
    filename = f"{name}-{version}{build}-{tags}.whl"
    try:
        project, expected, _, _ = parse_wheel_filename(filename)
    except (InvalidWheelFilename, InvalidVersion):
        return
    found = wheel_version(filename, project)
    assert found is not None
    assert Version(found) == expected
    assert names_of(filename) == (project,)


@given(NAME, VERSION, st.sampled_from([".tar.gz", ".zip"]))
def test_sdists_as_packaging_reads_them(name: str, version: str, ending: str) -> None:
    filename = f"{name}-{version}{ending}"
    try:
        project, expected = parse_sdist_filename(filename)
    except (InvalidSdistFilename, InvalidVersion):
        return
    found = sdist_version(filename, project)
    assert found is not None
    assert Version(found) == expected
    assert canonicalize_name(name) in names_of(filename)


@pytest.mark.parametrize(
    ("filename", "name", "version"),
    [
        ("zope.interface-5.0.tar.gz", "zope-interface", "5.0"),
        ("backports-datetime-1.0.zip", "backports-datetime", "1.0"),
        ("a-b-1.0-2.tar.bz2", "a-b", "1.0-2"),
        ("a-b-1.0-2.tgz", "a", "b-1.0-2"),
        ("other-1.0.tar.gz", "a", None),
        ("a.tar.gz", "a", None),
        ("a-.tar.gz", "a", None),
        ("a-1.0.exe", "a", None),
        ("a-1.0.egg", "a", None),
        ("a-1.0\n.tar.gz", "a", None),
        ("a-1.0*.tar.gz", "a", None),
    ],
)
def test_sdists(filename: str, name: str, version: str | None) -> None:
    assert sdist_version(filename, name) == version


@pytest.mark.parametrize(
    "filename",
    [
        "a.whl",
        "a-1.0.whl",
        "a-1.0-py3-none.whl",
        "a-1.0-b1-py3-none-any.whl",
        "a-1.0-1-2-py3-none-any.whl",
        "a-1.0--py3-none-any.whl",
        "b-1.0-py3-none-any.whl",
        "a--py3-none-any.whl",
        "a-1.0-py3-none-a ny.whl",
        "a-1.0-py3-none-any.WHL",
    ],
)
def test_not_a_wheel_of_a(filename: str) -> None:
    assert wheel_version(filename, "a") is None
