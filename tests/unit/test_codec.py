"""Values to JSON and back."""

from __future__ import annotations

import json

import pytest

from steadypin import codec
from steadypin.errors import StaleInput
from steadypin.model.facts import Facts
from steadypin.model.trial import TrialResult, Verdict
from tests.support.ledgers import declared, facts, installed, lock, manifest, pin, project

FACTS = facts(
    manifest(declared("a>=1")), lock(pin("a", "1.0")), installed=(installed("a", "1.0", "b"),), projects=(project("a", "1.0"),)
)


def test_facts_come_back_equal() -> None:
    text = codec.encode(FACTS, kind="facts")
    assert codec.decode(text, Facts, kind="facts", path="x") == FACTS


def test_equal_values_give_equal_texts_and_digests() -> None:
    again = codec.decode(codec.encode(FACTS, kind="facts"), Facts, kind="facts", path="x")
    assert codec.digest(again) == codec.digest(FACTS)


def test_sets_and_enums_are_stable() -> None:
    value = TrialResult(changes=frozenset({"b", "a"}), verdict=Verdict.NOT_RUN)
    assert codec.to_plain(value) == {"changes": ["a", "b"], "verdict": "not-run"}
    assert codec.decode(codec.encode(value, kind="t"), TrialResult, kind="t", path="x") == value


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(schema_version=99), "schema_version 99"),
        (lambda d: d.update(kind="plan"), "expected a steadypin facts file"),
        (lambda d: d["value"].update(surprise=1), "unknown key 'surprise'"),
        (lambda d: d["value"].pop("taken_at"), "missing key 'taken_at'"),
        (lambda d: d["value"]["files"][0]["declared"][0].update(name=7), "value.files[0].declared[0].name: expected str"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(change: object, said: str) -> None:
    document = json.loads(codec.encode(FACTS, kind="facts"))
    change(document)  # type: ignore[operator]
    with pytest.raises(StaleInput) as caught:
        codec.decode(json.dumps(document), Facts, kind="facts", path="facts.json")
    assert "facts.json" in caught.value.message and said in caught.value.message


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_what_is_not_such_a_file_is_refused(text: str) -> None:
    with pytest.raises(StaleInput):
        codec.decode(text, Facts, kind="facts", path="x")
