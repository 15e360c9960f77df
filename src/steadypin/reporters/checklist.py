"""A plan as the body of a pull request: one task list per stage, holds folded, how to reproduce, and the evidence.

The text between two hidden markers is ours and is written anew each time; what stands outside them, and every tick inside, is
the reviewers' and is kept. The same plan, results and old body give the same bytes. Beyond the limit of a body on GitHub the
least important parts are folded away first, and the text says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from steadypin.codec import SCHEMA_VERSION
from steadypin.errors import StaleInput
from steadypin.model.plan import Change, Plan, Stage
from steadypin.reporters import markdown
from steadypin.reporters.layout import count, names
from steadypin.reporters.markdown import escape
from steadypin.reporters.plan_json import plan_digest
from steadypin.reporters.plan_terminal import headline, reason_words
from steadypin.reporters.quotes import folded
from steadypin.values import dataclass, replace

LIMIT = 65_536
"""Characters in the body of a pull request or issue on GitHub."""

BEGIN, END = "<!-- steadypin checklist begin", "<!-- steadypin checklist end -->"
_OURS = re.compile(re.escape(BEGIN) + r"[^\n]*-->\n.*?" + re.escape(END), re.DOTALL)
_TASK = re.compile(r"^- \[(?P<tick>[ xX])\] .*<!-- (?P<key>[^\s>]+) -->", re.MULTILINE)
_SMALLEST = 1_000
_MOST_EDITS = 50
_MOST_QUOTES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What `upgrade` found, reduced to what a reviewer needs.

    `kept` are (name, after) pairs that the tests proved, `verdicts` a word per stage number, `held` reasons by name; `lines`
    are sentences for the evidence section.
    """

    kept: frozenset[tuple[str, str]] = frozenset()
    verdicts: Mapping[int, str] | None = None
    held: Mapping[str, str] | None = None
    lines: tuple[str, ...] = ()


def read_evidence(text: str, plan: Plan, *, path: str) -> Evidence:
    """The evidence in a result file of `upgrade`. Raises StaleInput for what is none, or belongs to another plan."""
    try:
        result = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StaleInput(f"{path}: not JSON: {error}", hint="write it with `steadypin upgrade -o result.json`") from None
    if not isinstance(result, dict) or result.get("schema_version") != SCHEMA_VERSION or "plan_digest" not in result:
        raise StaleInput(
            f"{path}: not a result of `steadypin upgrade`", hint="write it with `steadypin upgrade -o result.json`"
        )
    if result["plan_digest"] != plan_digest(plan):
        raise StaleInput(f"{path}: the result of another plan", hint="give the plan that this result was made from")
    runs, baseline = _table(result, "runs"), _table(result, "baseline")
    lines = [f"baseline: {baseline.get('verdict', '?')}, {baseline.get('tests', '?')} tests"]
    lines.append(f"{runs.get('total', '?')} runs of the tests; the final lock as a whole: {_confirmed(result)}")
    lines += [f"cap raised in {row.get('place')}: now {row.get('after')}" for row in _rows(result, "edits")[:_MOST_EDITS]]
    lines += [line for row in _rows(result, "culprits") for line in (_culprit(row), *_quoted(row))]
    return Evidence(
        kept=frozenset((str(row.get("name")), str(row.get("after") or "")) for row in _rows(result, "kept")),
        verdicts={
            int(row["number"]): str(row.get("verdict")) for row in _rows(result, "stages") if _is_number(row.get("number"))
        },
        held={str(row.get("name")): str(row.get("because") or "") for row in _rows(result, "held")},
        lines=tuple(lines),
    )


def _table(result: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = result.get(key)
    return value if isinstance(value, dict) else {}


def _rows(result: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = result.get(key)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _confirmed(result: Mapping[str, Any]) -> str:
    return "green" if result.get("confirmed") is True else "not confirmed"


def _culprit(row: Mapping[str, Any]) -> str:
    changes = row.get("changes")
    who = ", ".join(map(str, changes)) if isinstance(changes, list) else "?"
    tests = row.get("failing_tests")
    failing = f", {count(len(tests), 'test')} red" if isinstance(tests, list) and tests else ""
    error = f": {row['error']}" if row.get("error") else ""
    return f"culprit: {who} ({row.get('kind', '?')}{failing}){error}"


def _quoted(row: Mapping[str, Any]) -> Iterator[str]:
    """What weighs most in the changelogs of a culprit."""
    for said in _rows(row, "changelog")[:_MOST_QUOTES]:
        texts = said.get("heavy") or said.get("lines")
        for text in texts[:_MOST_QUOTES] if isinstance(texts, list) else ():
            yield f"changelog of {said.get('name', '?')} {said.get('version', '?')}: {text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Detail:
    """How much is shown: reasons (of indirect changes, too), links, the indirect changes, reasons of holds, changelogs (all
    that is quoted, or what is heavy).
    """

    why: bool = True
    asides: bool = True
    links: bool = True
    indirect: bool = True
    holds: bool = True
    changes: bool = True
    quotes: bool = True
    heavy: bool = True


_BARE = _Detail(quotes=False, heavy=False, links=False, holds=False)
_DETAILS = (
    _Detail(),
    _Detail(quotes=False),
    _Detail(quotes=False, heavy=False),
    _Detail(quotes=False, heavy=False, links=False),
    _BARE,
    replace(_BARE, asides=False),
    replace(_BARE, indirect=False),
    replace(_BARE, indirect=False, why=False),
    replace(_BARE, indirect=False, why=False, changes=False),
)


def render(plan: Plan, *, evidence: Evidence | None = None, body: str = "", limit: int = LIMIT) -> str:
    """The body: the checklist alone, or an old body with its checklist brought up to date.

    `limit` counts characters of the whole body; what people wrote is never cut.
    """
    ticked = frozenset(match["key"] for match in _TASK.finditer(body) if match["tick"] in "xX")
    room = max(_SMALLEST, limit - len(_OURS.sub("", body, count=1)) - 2)
    possible = (detail for detail in _DETAILS if _least(plan, detail) <= room)
    ours = next(
        (text for detail in possible if len(text := _section(plan, evidence or Evidence(), ticked, detail)) <= room), None
    )
    if ours is None:
        ours = _shortest(plan, room)
    if not body.strip():
        return ours + "\n"
    if _OURS.search(body):
        return _OURS.sub(lambda _: ours, body, count=1)
    return body.rstrip("\n") + "\n\n" + ours + "\n"


def _least(plan: Plan, detail: _Detail) -> int:
    """Characters that the changes take at least, to spare the writing of what cannot fit."""
    if not detail.changes:
        return 0
    return 40 * sum(1 for stage in plan.stages for change in stage.changes if detail.indirect or change.direct)


def _section(plan: Plan, evidence: Evidence, ticked: frozenset[str], detail: _Detail) -> str:
    lines = [f"{BEGIN} {plan_digest(plan)[:16]} -->", "## Upgrades", "", _summary(plan), ""]
    for stage in plan.stages:
        lines += [*_stage(stage, evidence, ticked, detail), ""]
    lines += [*_edits(plan), *_holds(plan, evidence, detail), *_gaps(plan), *_reproduce(plan), *_evidence(evidence)]
    if detail != _DETAILS[0]:
        lines += [f"_Shortened to fit: {_left_out(plan, detail)} left out. The whole plan is in the JSON file._", ""]
    return "\n".join([*lines, END])


def _left_out(plan: Plan, detail: _Detail) -> str:
    quoted = any(change.quotes for stage in plan.stages for change in stage.changes)
    quotes = {"changelogs": detail.heavy, "parts of changelogs": detail.quotes or not detail.heavy} if quoted else {}
    aside = "indirect changes" if not detail.indirect else "reasons of indirect changes"
    shown = detail.asides and detail.indirect
    parts = {**quotes, "links": detail.links, "reasons of holds": detail.holds, aside: shown, "reasons": detail.why}
    return names([*(part for part, there in parts.items() if not there), *([] if detail.changes else ["single changes"])])


def _summary(plan: Plan) -> str:
    cured = sorted({flaw for stage in plan.stages for change in stage.changes for flaw in change.cures})
    cures = f", cures {count(len(cured), 'known flaw')}" if cured else ""
    return f"**{escape(headline(plan))}**{cures}. Target {code(plan.target)}, solved with {escape(plan.resolver)}."


def _stage(stage: Stage, evidence: Evidence, ticked: frozenset[str], detail: _Detail) -> Iterator[str]:
    verdict = (evidence.verdicts or {}).get(stage.number)
    said = f": tests {escape(verdict)}" if verdict else ""
    yield f"### Stage {stage.number}: {escape(stage.title)} ({stage.risk} risk){said}"
    yield ""
    if not detail.changes:
        key = _stage_key(stage)
        yield f"- [{_tick(key, ticked, False)}] {count(len(stage.changes), 'change')} <!-- {key} -->"
        return
    visible = [change for change in stage.changes if detail.indirect or _matters(change, ticked)]
    yield from (_task(change, evidence, ticked, detail) for change in visible)
    hidden = len(stage.changes) - len(visible)
    if hidden:
        yield f"- and {count(hidden, 'indirect change')}"
    quoted = [change for change in visible if change.quotes] if detail.heavy else []
    yield from ([""] if quoted else ())
    for change in quoted:
        yield from folded(change.name, change.quotes, heavy_only=not detail.quotes)


def _matters(change: Change, ticked: frozenset[str]) -> bool:
    """Whether a change is shown where room is scarce: a tick that is not shown is lost to the next update."""
    return bool(change.direct or change.cures or change.flaws or _key(change) in ticked)


def _task(change: Change, evidence: Evidence, ticked: frozenset[str], detail: _Detail) -> str:
    proved = (change.name, change.after or "") in evidence.kept
    parts = [f"- [{_tick(_key(change), ticked, proved)}] {_name(change)} {_move(change)}"]
    if change.cures:
        parts.append(f" · cures {', '.join(map(code, change.cures))}")
    if change.flaws:
        parts.append(f" · **unsafe**: {', '.join(map(code, change.flaws[:6]))}")
    if change.coupled_with:
        parts.append(f" · only together with {', '.join(map(code, change.coupled_with))}")
    if detail.why and change.why and (detail.asides or change.direct):
        parts.append(f" · {escape(change.why)}")
    if detail.links:
        parts += [f" · [{escape(label)}]({url})" for label, url in change.links if _is_plain_url(url)]
    held = (evidence.held or {}).get(change.name)
    if held:
        parts.append(f" · **held**: {escape(held)}")
    return "".join(parts) + f" <!-- {_key(change)} -->"


def _name(change: Change) -> str:
    return f"**{code(change.name)}**" if change.direct else code(change.name)


def _move(change: Change) -> str:
    if change.kind == "add":
        return f"new {code(change.after or '')}"
    if change.kind == "remove":
        return f"{code(change.before or '')} goes"
    down = " (downgrade)" if change.kind == "downgrade" else ""
    return f"{code(change.before or '')} → {code(change.after or '')}{down}"


def code(text: str) -> str:
    """A code span that cannot hold one of our markers."""
    return markdown.code(text).replace("<!--", "<!-").replace("-->", "->")


def _key(change: Change) -> str:
    return re.sub(r"[^A-Za-z0-9._+!-]", "_", f"{change.name}={change.before or ''}={change.after or ''}").replace("--", "-_")


def _stage_key(stage: Stage) -> str:
    return f"stage={stage.lock_digest[:16]}"


def _tick(key: str, ticked: frozenset[str], proved: bool) -> str:
    return "x" if proved or key in ticked else " "


def _is_plain_url(url: str) -> bool:
    return re.fullmatch(r"https?://[^\s()<>\[\]\"'`\\]+", url) is not None


def _edits(plan: Plan) -> Iterator[str]:
    if not plan.edits:
        return
    yield from ("### Caps raised in manifests", "")
    for edit in plan.edits[:_MOST_EDITS]:
        yield f"- {code(edit.place)}: {code(edit.before)} → {code(edit.after)}"
    yield from (*([f"- and {len(plan.edits) - _MOST_EDITS} more"] if len(plan.edits) > _MOST_EDITS else []), "")


def _holds(plan: Plan, evidence: Evidence, detail: _Detail) -> Iterator[str]:
    if not plan.holds:
        return
    yield from ("<details>", f"<summary>{count(len(plan.holds), 'package')} held</summary>", "")
    for hold in plan.holds:
        why = "; ".join(reason_words(reason) for reason in hold.because) if detail.holds else ""
        yield f"- {code(hold.name)} at {code(hold.at or '?')}, latest {code(hold.latest or '?')}" + (
            f": {escape(why)}" if why else ""
        )
    yield from ("", "</details>", "")


def _gaps(plan: Plan) -> Iterator[str]:
    if not plan.gaps:
        return
    yield from ("<details>", f"<summary>{count(len(plan.gaps), 'thing')} not known</summary>", "")
    for gap in plan.gaps[:50]:
        yield f"- {code(gap.subject)}: {escape(gap.detail or gap.reason)}"
    yield from ("", "</details>", "")


def _reproduce(plan: Plan) -> Iterator[str]:
    yield from ("<details>", "<summary>How to reproduce</summary>", "", "```sh")
    lifting = " --edit-manifest" if plan.edits else ""
    yield f"steadypin plan --target '{_shell(plan.target)}'{lifting} -o plan.json"
    yield f"steadypin upgrade --plan plan.json{lifting} --dry-run"
    yield from ("```", "", f"Facts {code(plan.facts_digest[:16])}, plan {code(plan_digest(plan)[:16])}.", "", "</details>", "")


def _shell(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._=,+-]", "_", text)


def _evidence(evidence: Evidence) -> Iterator[str]:
    if not evidence.lines:
        return
    yield from ("### Evidence", "")
    yield from (f"- {escape(line)}" for line in evidence.lines)
    yield ""


def _shortest(plan: Plan, room: int) -> str:
    """What always fits: the summary and the stages' titles, as many as there is room for."""
    head = [f"{BEGIN} {plan_digest(plan)[:16]} -->", "## Upgrades", "", _summary(plan), ""]
    tail = ["", "_Shortened to fit; the whole plan is in the JSON file._", END]
    titles = (f"- Stage {stage.number}: {count(len(stage.changes), 'change')}" for stage in plan.stages)
    return "\n".join([*head, *_fitting(titles, room - sum(map(len, head + tail)) - len(head + tail)), *tail])


def _fitting(lines: Iterable[str], room: int) -> Iterator[str]:
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return
        yield line
