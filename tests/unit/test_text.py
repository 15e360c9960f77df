"""Hostile text."""

from __future__ import annotations

import pytest

from steadypin.text import printable, redact


def test_control_bidi_and_invisible_characters_are_shown_not_sent() -> None:
    assert printable("a\x1b[31mb\nc\u202ed\u200b") == "a\\x1b[31mb\\x0ac\\u202ed\\u200b"


def test_long_texts_are_cut() -> None:
    assert printable("x" * 1000, 10) == "x" * 10 + "…"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:s3cret@index.example/simple", "https://****@index.example/simple"),
        ("git+https://ghp_abcdefghij@host/x.git", "git+https://****@host/x.git"),
        ("https://${USER}:${TOKEN}@host/x", "https://${USER}:${TOKEN}@host/x"),
        ("git+ssh://git@host/x.git", "git+ssh://git@host/x.git"),
        ("https://host/x?token=abc&y=1", "https://host/x?token=****&y=1"),
        ("pypi-attestations==0.0.1", "pypi-attestations==0.0.1"),
        ("pypi-AgEIcHlwaS5vcmcCJ", "****"),
        ("no secret here", "no secret here"),
    ],
)
def test_credentials_are_hidden(text: str, shown: str) -> None:
    assert redact(text) == shown
