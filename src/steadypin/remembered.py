"""Answers that depend on their question alone, told from one run to the next.

Whether a requirement admits a version, whether a marker holds for an interpreter, what a lock of these bytes pins: a check
asks the same few hundred questions each day, and what answers them takes longer to load than all the rest of the check. So
whoever runs a check may tell what an earlier one found out (`begin`) and take what is worth telling the next (`end`). An
answer never grows old, because everything that it depends on is part of its question; whoever keeps answers must
throw them away when the code changes that found them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast

Answers = dict[str, dict[str, Any]]
"""Kind of question, with what else it depends on -> its text -> the answer, in what JSON can hold."""

MOST = 50_000
"""How many answers are kept; after that only new ones are."""

P = ParamSpec("P")
A = TypeVar("A")

_known: Answers | None = None
_learnt: Answers = {}


def begin(answers: Answers) -> None:
    """From now on these answers are believed, and new ones collected."""
    global _known
    _known = answers
    _learnt.clear()


def end() -> Answers | None:
    """Believe and collect no more; what the next run should be told, None where that is nothing new."""
    global _known
    known, _known = _known, None
    if known is None or not _learnt:
        return None
    many = sum(map(len, known.values())) > MOST
    return dict(_learnt) if many else {**known, **{kind: {**known.get(kind, {}), **new} for kind, new in _learnt.items()}}


def remembered(function: Callable[P, A]) -> Callable[P, A]:
    """Cache a pure function of a text and of values that `repr` writes in full and always alike (no sets).

    It answers in what JSON can hold, without tuples, and is called with positional arguments.
    """
    work: Callable[..., A] = function

    @lru_cache(maxsize=65536)
    def answer(text: str, *others: Any) -> Any:
        if _known is None:
            return work(text, *others)
        kind = f"{work.__module__}.{work.__name__}{others!r}"
        answers = _known.get(kind)
        if answers is not None and text in answers:
            return answers[text]
        return note(kind, text, work(text, *others))

    return cast("Callable[P, A]", answer)


def recall(kind: str, text: str) -> Any:
    """What an earlier run was answered, None where nobody knows."""
    return None if _known is None else _known.get(kind, {}).get(text)


def note(kind: str, text: str, answer: A) -> A:
    """Keep an answer for the next run, if there is anybody who keeps them."""
    if _known is not None:
        _learnt.setdefault(kind, {})[text] = answer
    return answer


def is_kept() -> bool:
    """Whether anybody keeps answers now."""
    return _known is not None
