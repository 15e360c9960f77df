"""What is remembered of one run for the next."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypin import remembered as memory
from steadypin.model import parse

ASKED: list[tuple[str, ...]] = []


def joined(text: str, *others: str) -> str:
    ASKED.append((text, *others))
    return "+".join((text, *others))


@pytest.fixture(autouse=True)
def nobody_keeps_anything() -> Iterator[None]:
    ASKED.clear()
    yield
    memory.end()


def new() -> object:
    """The function without what this process has cached of it."""
    return memory.remembered(joined)


def test_what_was_told_is_not_asked_again() -> None:
    memory.begin({})
    assert new()("a", "b") == "a+b"
    told = memory.end()
    memory.begin(json.loads(json.dumps(told)))
    assert new()("a", "b") == "a+b" and ASKED == [("a", "b")]
    assert memory.end() is None  # nothing new
    assert new()("a", "b") == "a+b" and ASKED == [("a", "b")] * 2  # nobody keeps anything now


def test_old_and_new_answers_are_told_together_until_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    memory.begin({})
    new()("a")
    memory.begin(first := memory.end() or {})
    new()("b")
    both = memory.end()
    assert both == {kind: {"a": "a", "b": "b"} for kind in first}
    monkeypatch.setattr(memory, "MOST", 1)
    memory.begin(both or {})
    new()("c")
    assert memory.end() == {kind: {"c": "c"} for kind in first}


@given(st.lists(st.lists(st.text(max_size=4), min_size=1, max_size=3).map(tuple), max_size=8))
def test_no_two_questions_are_one(questions: list[tuple[str, ...]]) -> None:
    memory.begin({})
    for question in questions:
        new()(*question)
    memory.begin(memory.end() or {})
    assert [new()(*question) for question in questions] == ["+".join(question) for question in questions]


@given(st.sampled_from(["a>=1; extra == 'x'", "a[b,c] @ https://files.example/a.zip", "a==1.*", "no requirement !", "A_b"]))
def test_the_parts_of_a_requirement_are_those_of_packaging(text: str) -> None:
    found, whole = parse.parts(text), parse.requirement(text)
    assert (found is None) == (whole is None)
    if found is not None and whole is not None:
        marker = None if whole.marker is None else str(whole.marker)
        assert found == parse.Parts(whole.name, tuple(sorted(whole.extras)), str(whole.specifier), whole.url, marker)
