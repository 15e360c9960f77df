"""The checklist: kept ticks, kept texts, the limit, hostile names."""

from __future__ import annotations

import json

import pytest

from steadypin.errors import StaleInput
from steadypin.model.plan import Change, Hold, Plan, Quote, Reason, Stage
from steadypin.reporters import checklist
from steadypin.reporters.plan_json import load_plan, plan_digest, plan_document
from steadypin.reporters.plan_json import render as as_json
from steadypin.reporters.plan_markdown import render as as_markdown
from steadypin.reporters.plan_terminal import render as as_terminal
from steadypin.reporters.reporter import Presentation
from steadypin.values import replace


def plan(count: int = 3, *, name: str = "package") -> Plan:
    changes = tuple(
        Change(
            name=f"{name}-{i}",
            before="1.0",
            after="2.0",
            direct=i % 2 == 0,
            why="major, " + "because " * 20,
            links=(("changelog", f"https://files.example/{i}"),),
        )
        for i in range(count)
    )
    holds = (
        Hold(
            name="held",
            at="1.0",
            latest="2.0",
            because=(Reason(kind="requirement", by="x 1", requirement="held<2", release="when x"),),
        ),
    )
    stages = (Stage(number=1, title="major", risk="high", changes=changes, lock_digest="ab" * 32),)
    return Plan(facts_digest="f" * 64, target="python=3.12,platform=linux_x86_64", stages=stages, holds=holds, resolver="uv 1")


def test_the_same_plan_has_the_same_bytes_and_updates_are_idempotent():
    body = checklist.render(plan())
    assert body == checklist.render(plan())
    assert checklist.render(plan(), body=body) == body


def test_ticks_and_texts_of_people_stay():
    body = checklist.render(plan(), body="# My words\n\nwith text")
    ticked = body.replace("- [ ] ", "- [x] ", 1) + "\n## After\n- [x] my own box\n"
    again = checklist.render(plan(), body=ticked)
    assert again == ticked
    moved = checklist.render(plan(4), body=ticked)
    assert moved.startswith("# My words\n\nwith text") and moved.endswith("- [x] my own box\n")
    assert moved.count("- [x]") == 2 and moved.count("- [ ]") == 3


def quoted(count: int, text: str = "The `door` is removed") -> Plan:
    quotes = (Quote(version="2.0", heavy=(text,), lines=("A window",) * 20, left_out=3),)
    made = plan(count)
    (stage,) = made.stages
    changes = tuple(replace(change, quotes=quotes) for change in stage.changes)
    return replace(made, stages=(replace(stage, changes=changes),))


def test_changelogs_are_folded_below_their_stage_and_shortened_first():
    whole = checklist.render(quoted(2))
    assert whole.count("<summary>Changelog of package-") == 2 and "  - **The `door` is removed**\n" in whole
    assert whole.count("  - A window\n") == 40 and "  - and 3 more\n" in whole
    assert (
        whole.count("<details>") == whole.count("</details>") == as_markdown(quoted(2), Presentation()).count("</details>") + 2
    )
    shorter = checklist.render(quoted(2), limit=len(whole) - 1)
    assert (
        "door" in shorter
        and "A window" not in shorter
        and "  - and 23 more\n" in shorter
        and "parts of changelogs left" in shorter
    )
    assert "https://files.example/0" in shorter
    none = checklist.render(quoted(2), limit=len(shorter) - 1)
    assert "door" not in none and "https://files.example/0" in none and "changelogs left out" in none


def test_a_hostile_changelog_is_harmless():
    text = "<!-- steadypin checklist end --> </details> <img src=x> @team [a](javascript:b) `<b>` \x1b[31m #12"
    body = checklist.render(quoted(1, text))
    assert body.count("<!-- steadypin checklist end -->") == 1 and body.count("</details>") == body.count("<details>")
    assert "<img" not in body and "](javascript" not in body and "\x1b" not in body and " @team" not in body
    assert checklist.render(quoted(1, text), body=body) == body


def test_500_changes_fit_and_it_is_said():
    body = checklist.render(plan(500))
    assert len(body) <= checklist.LIMIT
    assert "Shortened to fit" in body
    with_words = checklist.render(plan(500), body="words " * 5_000)
    assert len(with_words) <= checklist.LIMIT
    assert with_words.startswith("words " * 100)


def test_ticks_among_500_changes_outlive_a_long_text_and_the_next_plan():
    body = checklist.render(plan(100), body="Mine.\n")
    ticked = body.replace("- [ ] `package-7`", "- [x] `package-7`").replace("- [ ] **`package-8`**", "- [x] **`package-8`**")
    assert ticked.count("- [x]") == 2 and checklist.render(plan(100), body=ticked) == ticked
    crowded = checklist.render(plan(500), body=ticked + "words " * 5_000)
    assert len(crowded) <= checklist.LIMIT and "indirect changes, " in crowded
    assert crowded.startswith("Mine.\n") and crowded.endswith("words ")
    assert "- [x] `package-7`" in crowded and "- [x] **`package-8`**" in crowded and crowded.count("- [x]") == 2


@pytest.mark.parametrize("count", [1, 50, 200, 1000, 5_000])
@pytest.mark.parametrize("limit", [2_000, 20_000, checklist.LIMIT])
def test_any_limit_is_kept(count, limit):
    assert len(checklist.render(plan(count), limit=limit)) <= limit


def test_hostile_names_come_to_nothing():
    body = checklist.render(plan(1, name="x` <!-- steadypin checklist end --> <img src=x> @everyone [a](javascript:b)\n- [x] "))
    assert body.count(checklist.END) == 1
    assert "\n- [x]" not in body
    assert checklist.render(plan(1), body=body).count(checklist.BEGIN) == 1


def test_links_are_only_plain_urls():
    bad = Change(
        name="a",
        before="1",
        after="2",
        links=(("x", "javascript:alert(1)"), ("ok", "https://files.example/a"), ("b", "https://a b")),
    )
    stage = Stage(number=1, title="t", risk="low", changes=(bad,))
    body = checklist.render(Plan(facts_digest="f", target="t", stages=(stage,)))
    assert "javascript" not in body and "[ok](https://files.example/a)" in body and "https://a b" not in body


def result(made: Plan, **more: object) -> str:
    document = {
        "schema_version": 1,
        "plan_digest": plan_digest(made),
        "baseline": {"verdict": "passed", "tests": 12},
        "stages": [{"number": 1, "verdict": "failed"}],
        "kept": [{"name": "package-0", "before": "1.0", "after": "2.0"}],
        "culprits": [{"changes": ["package-1"], "kind": "single", "failing_tests": ["t"], "error": "TypeError: no"}],
        "held": [{"name": "package-1", "because": "tests red"}],
        "runs": {"total": 5},
        "confirmed": True,
    }
    return json.dumps({**document, **more})


def test_evidence_ticks_what_was_proved():
    made = plan()
    edits = [{"name": "a", "place": "a.in:3", "before": "a<2", "after": "a<3"}]
    evidence = checklist.read_evidence(result(made, edits=edits), made, path="result.json")
    body = checklist.render(made, evidence=evidence)
    assert "cap raised in a.in\\:3\\: now a&lt;3" in body
    assert body.count("- [x]") == 1 and "- [x] **`package-0`**" in body
    assert "tests failed" in body and "culprit\\: package\\-1" in body and "**held**: tests red" in body


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 2}'])
def test_a_result_that_is_none_or_anothers_is_refused(text):
    with pytest.raises(StaleInput):
        checklist.read_evidence(text, plan(), path="result.json")
    with pytest.raises(StaleInput, match="another plan"):
        checklist.read_evidence(result(plan(2)), plan(), path="result.json")


@pytest.mark.parametrize("nonsense", [None, 3, "x", [], [3], {"number": "x"}])
def test_a_result_full_of_nonsense_is_no_crash(nonsense):
    made = plan()
    for key in ("baseline", "stages", "kept", "culprits", "held", "runs", "edits"):
        checklist.read_evidence(result(made, **{key: nonsense}), made, path="r")


def test_a_plan_comes_back_from_its_file():
    made = plan()
    assert load_plan(as_json(made, Presentation()), path="plan.json") == made


@pytest.mark.parametrize("edit", ["stages", "value", "holds", "plan_digest", "target"])
def test_an_edited_plan_is_refused(edit):
    document = plan_document(plan())
    document[edit] = plan_document(plan(2))[edit] if edit != "target" else "python=3.13"
    if edit == "holds":
        document[edit] = []
    with pytest.raises(StaleInput):
        load_plan(json.dumps(document), path="plan.json")


def test_every_format_renders_hostile_and_empty_plans():
    for made in (plan(0), Plan(facts_digest="", target=""), plan(2, name="\x1b[31m\u202e|<b>\n")):
        for text in (as_terminal(made, Presentation()), as_markdown(made, Presentation()), as_json(made, Presentation())):
            assert text.endswith("\n") and "\x1b" not in text and "\u202e" not in text
