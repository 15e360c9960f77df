"""Ask another implementation which records apply to 2,000 random versions, and write its answers down.

Usage: python record_answers.py   (needs `univers` 32 beside `packaging`; reads sample.jsonl, writes answers.json)
The ranges are univers' (VERS for PyPI), its versions compare `versions`; nothing of steadypin is imported.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from univers.version_range import PypiVersionRange
from univers.versions import InvalidVersion, PypiVersion

HERE = Path(__file__).parent
PAIRS = 2000
COMPARATORS = {"introduced": ">=", "fixed": "<", "last_affected": "<="}


def version(text: str) -> PypiVersion | None:
    try:
        return PypiVersion(text)
    except InvalidVersion:
        return None


def applies(entry: dict, at: PypiVersion) -> bool | None:
    if any(at == other for other in map(version, entry.get("versions", [])) if other is not None):
        return True
    answers = [in_range(item["events"], at) for item in entry.get("ranges", []) if item["type"] == "ECOSYSTEM"]
    return True if True in answers else None if None in answers else False


def in_range(events: list[dict[str, str]], at: PypiVersion) -> bool | None:
    constraints = []
    for kind, text in (pair for event in events for pair in event.items()):
        if (kind, text) != ("introduced", "0"):
            if version(text) is None:
                return None
            constraints.append(f"{COMPARATORS[kind]}{text}")
    return at in PypiVersionRange.from_string(f"vers:pypi/{'|'.join(constraints) or '*'}")


def neighbours(text: str) -> list[str]:
    base = text.split("+")[0]
    return [
        text,
        base + ".0",
        base + ".1",
        base + ".dev1",
        base + "a1",
        base + "rc2",
        base + ".post1",
        base + "+local.1",
        "1!" + base,
    ]


def main() -> None:
    records = [json.loads(line) for line in (HERE / "sample.jsonl").read_text(encoding="utf-8").splitlines()]
    entries: dict[str, list[tuple[str, dict]]] = {}
    for record in records:
        for entry in record["affected"]:
            entries.setdefault(entry["package"]["name"].lower().replace(".", "-"), []).append((record["id"], entry))
    chance = random.Random(9)
    pairs: dict[tuple[str, str], None] = {}
    while len(pairs) < PAIRS:
        name = chance.choice(sorted(entries))
        told = [text for _, entry in entries[name] for text in entry.get("versions", [])]
        bounds = [
            text
            for _, entry in entries[name]
            for item in entry.get("ranges", [])
            if item["type"] == "ECOSYSTEM"
            for event in item["events"]
            for text in event.values()
        ]
        text = chance.choice(
            [
                *neighbours(chance.choice(bounds or told)),
                chance.choice(told or bounds),
                f"{chance.randrange(9)}.{chance.randrange(30)}",
            ]
        )
        if version(text) is not None:
            pairs[name, text] = None
    answers: dict[str, dict[str, list[str]]] = {}
    for name, text in sorted(pairs):
        at = version(text)
        said: dict[str, bool | None] = {}
        for record_id, entry in entries[name]:
            answer = applies(entry, at)
            said[record_id] = (
                True if answer or said.get(record_id) else None if None in (answer, said.get(record_id, False)) else False
            )
        answers.setdefault(name, {})[text] = sorted(k for k, v in said.items() if v) + sorted(
            f"?{k}" for k, v in said.items() if v is None
        )
    rows = [
        f"{json.dumps(name)}: {json.dumps(found, separators=(',', ':'), sort_keys=True)}"
        for name, found in sorted(answers.items())
    ]
    (HERE / "answers.json").write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
