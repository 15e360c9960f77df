"""The result of an upgrade as JUnit XML: one case for each package that should move, which fails where it is held."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from steadypin.model.trial import Verdict
from steadypin.model.upgrade import Held, UpgradeResult
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(result: UpgradeResult, presentation: Presentation) -> str:
    """One suite."""
    del presentation
    red = result.baseline.verdict is not Verdict.PASSED
    total, failures = len(result.kept) + len(result.held), len(result.held)
    counts = f'tests="{total + 1}" failures="{failures}" errors="{int(red)}" time="{result.seconds:.3f}"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuite name="steadypin upgrade" {counts}>']
    lines += [f"  {line}" for line in _cases(result, red)]
    return "\n".join([*lines, "</testsuite>"]) + "\n"


def _cases(result: UpgradeResult, red: bool) -> Iterator[str]:
    head = f'<testcase classname="steadypin.upgrade" name="baseline" time="{result.baseline.seconds:.3f}"'
    error = result.baseline.error or result.stopped or result.baseline.outcome
    yield f"{head}><error message={_attribute(error)}/></testcase>" if red else f"{head}/>"
    for move in result.kept:
        name = f"{move.name} {move.before or '-'} to {move.after or 'removed'}"
        yield f'<testcase classname="steadypin.upgrade" name={_attribute(name)}/>'
    yield from map(_held, result.held)


def _held(item: Held) -> str:
    name = _attribute(f"{item.name} {item.before} to {item.wanted}")
    return (
        f'<testcase classname="steadypin.upgrade" name={name}>'
        f"<failure message={_attribute(item.because)}>{_text(f'held at {item.at}')}</failure></testcase>"
    )


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("?", shown(text)))


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("?", shown(text)))
