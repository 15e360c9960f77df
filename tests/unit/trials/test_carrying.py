"""What an upgrade still says of culprits once more of what was held has moved."""

from __future__ import annotations

from steadypin.model.trial import Culprit
from steadypin.pipeline.carrying import _freed, _still_true
from steadypin.values import replace


def culprit(kind: str, *names: str) -> Culprit:
    return Culprit(changes=names, kind=kind, confidence=1.0)


def test_two_that_only_move_together_do_not_once_one_has_moved() -> None:
    coupled, alone = culprit("coupled", "examples", "ruff"), culprit("single", "ruff")
    assert _still_true([coupled, alone], frozenset({"ruff"})) == [alone]
    assert _still_true([coupled, alone], frozenset({"ruff", "examples"})) == [coupled, alone]
    assert _still_true([coupled], frozenset({"ruff"})) == [coupled], "nothing else is known of it"


def test_of_a_pair_that_breaks_together_one_has_moved() -> None:
    pair = culprit("conjunction", "first", "second")
    assert _still_true([pair], frozenset({"second"})) == [pair]
    assert _still_true([pair], frozenset({"third"})) == []


def test_what_a_held_one_has_freed_stays_named_and_what_freed_each_other_does_not() -> None:
    """As markupsafe, which jinja2 let go once that stood at 3.0; and httpx, which passes with a newer fastapi."""
    freed, alone = culprit("single", "freed"), culprit("single", "held")
    assert list(_freed([freed, alone], frozenset({"freed", "held"}), frozenset({"held"}))) == [replace(freed, freed=True)]
    assert list(_freed([freed, alone], frozenset({"freed", "other"}), frozenset())) == []
    assert list(_freed([alone], frozenset({"other"}), frozenset({"held"}))) == []
