"""Runs ahead of their time, in simulated time: the numbers of docs/distributed.md, and what they rest on."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from bench import workers
from bench.worlds import singles

DOCUMENT = Path(__file__).parents[3] / "docs" / "distributed.md"


def test_the_document_shows_what_the_bench_prints(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["bench.workers"])
    workers.main()
    printed = [tuple(line.split()) for line in capsys.readouterr().out.splitlines()[1:]]
    rows = [line.strip("| ").split(" | ") for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("| ")]
    assert printed == [tuple(row) for row in rows if row[0].isdigit()]


@pytest.mark.parametrize("places", [2, 5])
def test_more_places_ask_the_same_and_wait_less(places: int) -> None:
    def done(number: int) -> workers.Upgrade:
        random = Random(7)
        return workers.simulate(singles(random, 20, 2), random, number)

    alone, together = done(1), done(places)
    assert (alone.ahead.cancelled, alone.runs) == (0, len(alone.known))
    assert alone.known <= together.known and together.runs == len(together.known)
    assert together.executor.now < alone.executor.now
