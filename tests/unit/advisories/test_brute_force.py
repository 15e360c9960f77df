"""Random environments on the real records: every flaw, its ids, its records and its cures, as the specification's text says."""

from __future__ import annotations

import random
from collections.abc import Iterator

from steadypin.advisories.matching import judge
from steadypin.advisories.records import parse_record
from tests.support import osv_rules
from tests.unit.advisories.osv import NOW, sample

RECORDS = sample()
KNOWN = [parse_record(record).advisory for record in RECORDS]
ENDINGS = ("", ".0", ".1", ".post1", ".dev0", "a1", "rc1", "rc1.dev3", "+local", ".0.1")


def environments(seed: int, count: int) -> Iterator[list[tuple[str, str]]]:
    """Packages of the records, each at a version at, beside or between those that the records name."""
    rng = random.Random(seed)
    named = {name: sorted(versions) for name, versions in _versions().items()}
    for _ in range(count):
        chosen = rng.sample(sorted(named), rng.randint(1, 12))
        yield [(name, _beside(rng.choice(named[name]), rng)) for name in chosen]


def _versions() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for record in RECORDS:
        for entry in record["affected"]:
            if entry["package"]["ecosystem"] == "PyPI":
                bounds = {text for item in entry.get("ranges", ()) for event in item["events"] for text in event.values()}
                texts = bounds | set(entry.get("versions", ())) | {"0.0.dev0", "999", "1!1"}
                found.setdefault(osv_rules.normal(entry["package"]["name"]), set()).update(filter(osv_rules.parsed, texts))
    return found


def _beside(text: str, rng: random.Random) -> str:
    if rng.random() < 0.5:
        text += rng.choice(ENDINGS)
    elif rng.random() < 0.3:
        head, _, last = text.rpartition(".")
        text = f"{head}.{int(last) + rng.choice((-1, 1))}" if head and last.isdigit() and int(last) else text
    return text if osv_rules.parsed(text) else "1.0"


def compare(seed: int, count: int) -> tuple[int, int]:
    """How many pairs were compared, and how many flaws they have. Raises AssertionError at the first disagreement."""
    pairs = flaws = 0
    for environment in environments(seed, count):
        for name, version in environment:
            told = osv_rules.flaws(RECORDS, name, version)
            said = judge(name, version, [known for known in KNOWN if any(e.name == name for e in known.affected)], now=NOW)
            if told is None:
                continue
            ours = [(set(match.ids), set(match.records), list(match.fixed_in)) for match in said.matches]
            key = lambda row: sorted(row[0])  # noqa: E731
            assert sorted(ours, key=key) == sorted(told, key=key), (name, version)
            pairs, flaws = pairs + 1, flaws + len(told)
    return pairs, flaws


def test_random_environments_agree_with_the_text_of_the_specification() -> None:
    pairs, flaws = compare(seed=9, count=120)
    assert pairs > 500 and flaws > 400
