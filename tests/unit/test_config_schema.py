"""The shipped schema of the configuration says what the reader does: same keys, same rules, same verdicts."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from steadypin import config
from steadypin.config import POLICY_KEYS, SETTING_KEYS, TABLE_KEYS, Settings
from steadypin.errors import ConfigError
from steadypin.model.policy import Policy
from steadypin.pipeline.audit import rules

SCHEMA = json.loads((Path(__file__).parents[2] / "schema" / "config.schema.json").read_text("utf-8"))
RULES = frozenset(rule.id for rule in rules())
GOOD: dict[str, list[Any]] = {
    "boolean": [True, False],
    "texts": [["a", "b"], "a", []],
    "duration": ["7d", "P7D", 7, "2w", "1y", "P1Y2M", " 7 D "],
    "severity": ["high", "info"],
    "string": ["x"],
    "integer": [1, 1000],
}
BAD: dict[str, list[Any]] = {
    "boolean": ["true", 1],
    "texts": [1, [1], {"a": "b"}],
    "duration": ["soon", True, "7 days", "P", [], -1],
    "severity": ["dreadful", 1],
    "string": [1, True, ["x"]],
    "integer": ["1", True, 0, 1001, 1.5],
}
SAMPLES: dict[str, Any] = {
    "max-stages": 3,
    "fail-on": "critical",
    "cache-dir": "/c",
    "max-age": "9d",
    "max-advisory-age": "9d",
    "cooldown": "9d",
}


def kind(key: str) -> str:
    entry = SCHEMA["properties"][key]
    return str(entry.get("type") or entry["$ref"].rpartition("/")[2])


def accepted(tmp_path: Path, document: dict[str, Any]) -> tuple[bool, bool]:
    """(by the schema, by the reader)."""
    by_schema = jsonschema.Draft202012Validator(SCHEMA).is_valid(document)
    (tmp_path / "steadypin.toml").write_text("".join(f"{line}\n" for line in lines(document)), encoding="utf-8")
    try:
        config.load(tmp_path, known_rules=RULES)
    except ConfigError:
        return by_schema, False
    return by_schema, True


def lines(document: dict[str, Any]) -> list[str]:
    scalars = {k: v for k, v in document.items() if k not in TABLE_KEYS}
    written = [f"{key} = {inline(value)}" for key, value in scalars.items()]
    for rule, value in document.get("severity", {}).items():
        written += ["[severity]", f"{inline(rule)} = {inline(value)}"]
    for entry in document.get("ignore", []):
        written += ["[[ignore]]", *(f"{key} = {inline(value)}" for key, value in entry.items())]
    return written


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value)


def test_the_schema_is_one_and_knows_the_same_keys_and_rules() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == {*SETTING_KEYS, *POLICY_KEYS, *TABLE_KEYS}
    assert set(SCHEMA["$defs"]["exception"]["properties"]) == set(config.IGNORE_KEYS)
    assert set(SCHEMA["properties"]["severity"]["propertyNames"]["enum"]) == RULES
    assert set(SCHEMA["$defs"]["exception"]["properties"]["rule"]["enum"]) == RULES
    assert all(entry.get("description") for entry in SCHEMA["properties"].values())


@pytest.mark.parametrize("key", [*SETTING_KEYS, *POLICY_KEYS])
def test_schema_and_reader_agree_about_the_values_of_a_key(key: str, tmp_path: Path) -> None:
    for value in GOOD[kind(key)]:
        assert accepted(tmp_path, {key: value}) == (True, True), value
    for value in BAD[kind(key)]:
        assert accepted(tmp_path, {key: value}) == (False, False), value


EXCEPTIONS: list[tuple[dict[str, Any], bool]] = [
    ({"rule": "yanked", "reason": "r"}, True),
    ({"package": "a", "versions": "<2", "reason": "r", "until": "2027-01-31", "path": "legacy/*"}, True),
    ({"advisory": "CVE-2020-1", "reason": "r"}, True),
    ({"rule": "yanked"}, False),
    ({"rule": "yanked", "reason": " "}, False),
    ({"reason": "r"}, False),
    ({"rule": "nope", "reason": "r"}, False),
    ({"rule": "yanked", "reason": "r", "until": "soon"}, False),
    ({"rule": "yanked", "reason": "r", "extra": "x"}, False),
    ({"rule": "yanked", "reason": 1}, False),
]


@pytest.mark.parametrize(("entry", "fine"), EXCEPTIONS, ids=[str(entry) for entry, _ in EXCEPTIONS])
def test_schema_and_reader_agree_about_exceptions(entry: dict[str, Any], fine: bool, tmp_path: Path) -> None:
    assert accepted(tmp_path, {"ignore": [entry]}) == (fine, fine)


@pytest.mark.parametrize(
    ("table", "fine"),
    [({"yanked": "off"}, True), ({"yanked": "low"}, True), ({"nope": "low"}, False), ({"yanked": "x"}, False)],
)
def test_schema_and_reader_agree_about_severities(table: dict[str, str], fine: bool, tmp_path: Path) -> None:
    assert accepted(tmp_path, {"severity": table}) == (fine, fine)


def test_an_unknown_key_is_refused_by_both(tmp_path: Path) -> None:
    assert accepted(tmp_path, {"fail-onn": "high"}) == (False, False)


@pytest.mark.parametrize("key", [*SETTING_KEYS, *POLICY_KEYS])
def test_every_key_changes_the_field_that_it_names(key: str, tmp_path: Path) -> None:
    field, _ = {**SETTING_KEYS, **POLICY_KEYS}[key]
    standard: Any = Policy() if key in POLICY_KEYS else Settings(root=tmp_path)
    value = SAMPLES.get(
        key, {"boolean": not getattr(standard, field), "texts": ["x"], "string": "x", "integer": 7}.get(kind(key))
    )
    (tmp_path / "steadypin.toml").write_text(f"{key} = {inline(value)}\n", encoding="utf-8")
    loaded = config.load(tmp_path)
    changed: Any = loaded.policy if key in POLICY_KEYS else loaded
    names = [
        f.name
        for f in dataclasses.fields(standard)
        if getattr(standard, f.name) != getattr(changed, f.name) and f.name != "policy"
    ]
    assert names == [field]
