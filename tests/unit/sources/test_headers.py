from __future__ import annotations

import email.parser
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypin.sources.headers import parse_headers


def test_the_headers_that_the_ledger_needs() -> None:
    headers = parse_headers(
        b"Metadata-Version: 2.4\nName: Flask\nVersion: 3.0.1\nRequires-Python: >=3.8\nRequires-Dist: Werkzeug>=3\n"
        b'Requires-Dist: asgiref>=3.2; extra == "async"\nProvides-Extra: async\n\nName: not a header\n'
    )
    assert (headers.name, headers.version, headers.requires_python) == ("Flask", "3.0.1", ">=3.8")
    assert headers.requires == ("Werkzeug>=3", 'asgiref>=3.2; extra == "async"')
    assert headers.extras == ("async",)
    assert headers.complete


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbfName: a\nVersion: 1\n\n", ("a", "1")),
        (b"Name: a\r\nVersion: 1\r\n\r\nVersion: 2\r\n", ("a", "1")),
        (b"NAME : a\nversion:1\n\n", ("a", "1")),
        (b"Author: J\xf6rg\nName: a\nVersion: 1\n\n", ("a", "1")),
        (b"Name: a\nName: b\nVersion: 1\nVersion: 2\n\n", ("a", "1")),
        (b"Description: x\n        Name: inner\n        |Version: 9\nName: a\nVersion: 1\n\n", ("a", "1")),
        (b"Name:\nVersion: 1\n\n", ("", "1")),
        (b"", ("", "")),
    ],
    ids=[
        "byte-order-mark",
        "windows-lines",
        "case-and-space",
        "latin-1",
        "first-wins",
        "folded-description",
        "empty",
        "nothing",
    ],
)
def test_odd_but_real_headers(content: bytes, expected: tuple[str, str]) -> None:
    headers = parse_headers(content)
    assert (headers.name, headers.version) == expected


def test_folded_values_become_one_line() -> None:
    assert parse_headers(b"Name: a\nRequires-Dist: b\n    >=1;\n\tpython_version>'3'\n\n").requires == (
        "b >=1; python_version>'3'",
    )


def test_a_file_without_the_blank_line_says_that_it_is_not_complete() -> None:
    assert not parse_headers(b"Name: a\nVersi").complete


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_an_error(content: bytes) -> None:
    parse_headers(content)


_VALUES = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), min_size=1, max_size=20)


@given(_VALUES, _VALUES, st.lists(_VALUES, max_size=4))
def test_it_agrees_with_the_standard_email_parser(name: str, version: str, requires: list[str]) -> None:
    content = "\n".join([f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {each}" for each in requires), "", "text"])
    message = email.parser.Parser(policy=email.policy.compat32).parsestr(content)
    headers = parse_headers(content.encode())
    assert (headers.name, headers.version) == (message["Name"], message["Version"])
    assert list(headers.requires) == (message.get_all("Requires-Dist") or [])
