"""The index's own JSON (`/pypi/<name>/<version>/json`) as a source: its list `vulnerabilities`.

It says which records apply to one version and where they are fixed; severities are not in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import quote

from steadypin.advisories import matching, records
from steadypin.advisories.answer import Answer
from steadypin.advisories.fetching import Line, iso, mapping
from steadypin.advisories.service import WORKERS, gap
from steadypin.advisories.versions import canonical
from steadypin.errors import NetworkError
from steadypin.model import parse
from steadypin.model.advisory import Advisory
from steadypin.transport.pool import run_all

_SECONDS = 60.0
_MOST = 1000

Pair = tuple[str, str]


class IndexJson:
    """The JSON pages below `base` (a URL that ends before the project's name); `at` as for the other sources."""

    def __init__(self, line: Line, *, base: str, at: str) -> None:
        self._line = line
        self._base = base.rstrip("/")
        self._at = at

    def lookup(self, packages: Iterable[Pair]) -> Answer:
        """An answer or a gap for every (name, version) pair; nothing is raised for what the network does."""
        asked = sorted({(parse.normalise(name), version) for name, version in packages})
        judged: list[matching.Judged] = []
        times: list[float] = []
        for position, result in run_all([partial(self._one, pair) for pair in asked], workers=WORKERS, limit=_SECONDS):
            if isinstance(result, NetworkError):
                judged.append(matching.Judged(gaps=(gap(*asked[position], result),)))
            elif isinstance(result, BaseException):
                raise result
            else:
                judged.append(result[0])
                times.append(result[1])
        return Answer(
            matches=tuple(
                sorted((match for one in judged for match in one.matches), key=lambda m: (m.name, m.version, m.primary))
            ),
            gaps=tuple(sorted(gap for one in judged for gap in one.gaps)),
            withdrawn=tuple(sorted(record for one in judged for record in one.withdrawn)),
            as_of=iso(min(times)) if times else None,
        )

    def _one(self, pair: Pair) -> tuple[matching.Judged, float]:
        name, version = pair
        url = f"{self._base}/{quote(name, safe='')}/{quote(version, safe='')}/json"
        fetched = self._line.get(url)
        if not fetched.body:
            raise NetworkError(f"{url}: the index does not know this release", reason="not-found")
        listed = mapping(fetched, url).get("vulnerabilities")
        if not isinstance(listed, list) or len(listed) > _MOST:
            raise NetworkError(f"{url}: no list of vulnerabilities", reason="malformed")
        try:
            known = [_advisory(item, name, version) for item in listed]
        except records.RecordError as error:
            raise NetworkError(f"{url}: {error}", reason="malformed") from None
        return matching.judge(name, version, known, now=self._at), fetched.at


def _advisory(item: Any, name: str, version: str) -> Advisory:
    """The entry as an OSV record about this one version: being listed is to be affected, until the first fix above it."""
    if not isinstance(item, dict):
        raise records.RecordError("vulnerabilities: expected objects")
    fixed = [{"fixed": text} for text in _above(version, item.get("fixed_in"))]
    entry = {
        "package": {"ecosystem": records.ECOSYSTEM, "name": name},
        "versions": [canonical(version)],
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *fixed]}] if fixed else [],
    }
    link = [{"type": "WEB", "url": item.get("link")}]
    kept = {key: item.get(key) for key in ("id", "aliases", "summary", "details", "withdrawn")}
    return records.parse_record({**kept, "affected": [entry], "references": link}).advisory


def _above(version: str, fixed: object) -> list[str]:
    at = parse.version(version)
    texts = [text for text in fixed if isinstance(text, str)] if isinstance(fixed, list) else []
    return [text for text in texts if at is not None and (bound := parse.version(text)) is not None and bound > at]
