"""The OSV service as a source: which records concern these versions, in batches, then the records themselves.

The service only narrows the question down. What applies is decided here, by the same evaluation as offline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from steadypin.advisories import matching, records
from steadypin.advisories.answer import Answer
from steadypin.advisories.fetching import Line, iso, mapping
from steadypin.errors import NetworkError
from steadypin.model import parse
from steadypin.model.advisory import Advisory
from steadypin.model.gap import Gap
from steadypin.text import printable
from steadypin.transport.pool import run_all

OSV_API = "https://api.osv.dev"
BATCH = 500
"""Questions in one request; the service accepts 1,000."""
PAGES = 20
"""Requests that one batch may take, follow-up pages included."""
RECORDS = 20_000
WORKERS = 8
_SECONDS = 120.0
_YEAR = 365 * 86400.0

Pair = tuple[str, str]
T = TypeVar("T")


class OsvService:
    """A conversation with one OSV service; `at` (ISO, UTC) decides whether a withdrawal has come into force."""

    def __init__(self, line: Line, *, at: str, base: str = OSV_API) -> None:
        self._line = line
        self._at = at
        self._base = base.rstrip("/")

    def lookup(self, packages: Iterable[Pair]) -> Answer:
        """An answer or a gap for every (name, version) pair; nothing is raised for what the network does."""
        asked = sorted({(parse.normalise(name), version) for name, version in packages})
        found: dict[Pair, dict[str, str]] = {}
        failed: dict[Pair, NetworkError] = {}
        times: list[float] = []
        batches = [asked[i : i + BATCH] for i in range(0, len(asked), BATCH)]
        for batch, result in _each(batches, self._ids):
            if isinstance(result, NetworkError):
                failed.update(dict.fromkeys(batch, result))
            else:
                found.update(result[0])
                times.append(result[1])
        known = self._records({known: modified for ids in found.values() for known, modified in ids.items()})
        judged = [self._judge(pair, ids, known) for pair, ids in sorted(found.items())]
        lost = [gap(name, version, error) for (name, version), error in sorted(failed.items())]
        return Answer(
            matches=tuple(match for one in judged for match in one.matches),
            gaps=tuple(sorted((*lost, *(gap for one in judged for gap in one.gaps)))),
            withdrawn=tuple(record for one in judged for record in one.withdrawn),
            as_of=iso(min(times)) if times else None,
        )

    def _ids(self, batch: Sequence[Pair]) -> tuple[dict[Pair, dict[str, str]], float]:
        """Ids and their `modified` for each pair of a batch, following pages, and the time of the oldest answer."""
        url = f"{self._base}/v1/querybatch"
        found: dict[Pair, dict[str, str]] = {pair: {} for pair in batch}
        questions: list[tuple[Pair, str]] = [(pair, "") for pair in batch]
        oldest = float("inf")
        for _ in range(PAGES):
            fetched = self._line.post(url, {"queries": [_question(pair, page) for pair, page in questions]})
            oldest = min(oldest, fetched.at)
            results = mapping(fetched, url).get("results")
            if not isinstance(results, list) or len(results) != len(questions):
                raise NetworkError(f"{url}: not as many answers as questions", reason="malformed")
            more = []
            for (pair, _), result in zip(questions, results, strict=True):
                ids, page = _page(result, url)
                found[pair].update(ids)
                if page:
                    more.append((pair, page))
            if not more:
                return found, oldest
            questions = more
        raise NetworkError(f"{url}: more than {PAGES} pages", reason="too-large")

    def _records(self, wanted: dict[str, str]) -> dict[str, Advisory | NetworkError]:
        if len(wanted) > RECORDS:
            error = NetworkError(f"{self._base}: more than {RECORDS} records apply", reason="too-large")
            return dict.fromkeys(wanted, error)
        return {known: result for (known, _), result in _each(sorted(wanted.items()), self._record)}

    def _record(self, wanted: tuple[str, str]) -> Advisory:
        known, modified = wanted
        url = f"{self._base}/v1/vulns/{known}"
        # A record does not change without its `modified`, so what was fetched once holds.
        fetched = self._line.get(url, key=modified, max_age=_YEAR if modified else 0.0)
        if not fetched.body:
            raise NetworkError(f"{url}: the service names a record that it does not have", reason="not-found")
        try:
            return records.parse_json(fetched.body).advisory
        except records.RecordError as error:
            raise NetworkError(f"{url}: {error}", reason="malformed") from None

    def _judge(self, pair: Pair, ids: Iterable[str], known: dict[str, Advisory | NetworkError]) -> matching.Judged:
        name, version = pair
        told = [known[record] for record in ids]
        judged = matching.judge(name, version, [one for one in told if isinstance(one, Advisory)], now=self._at)
        lost = [gap(name, version, error) for error in told if isinstance(error, NetworkError)]
        return matching.Judged(matches=judged.matches, gaps=(*judged.gaps, *lost), withdrawn=judged.withdrawn)


def gap(name: str, version: str, error: NetworkError) -> Gap:
    """What is said of a package about which a source gave no usable answer."""
    return Gap(subject=name, stage="advisories", reason=error.reason, detail=printable(f"{version}: {error.message}", 300))


def _each(items: Sequence[T], ask: Callable[[T], Any]) -> Iterable[tuple[T, Any]]:
    """Each item with its answer or its NetworkError, in the order in which they come; bugs are raised."""
    for position, result in run_all([partial(ask, item) for item in items], workers=WORKERS, limit=_SECONDS):
        if isinstance(result, BaseException) and not isinstance(result, NetworkError):
            raise result
        yield items[position], result


def _question(pair: Pair, page: str) -> dict[str, Any]:
    name, version = pair
    question: dict[str, Any] = {"package": {"ecosystem": records.ECOSYSTEM, "name": name}, "version": version}
    return {**question, "page_token": page} if page else question


def _page(result: object, url: str) -> tuple[dict[str, str], str]:
    """Ids with their `modified`, and the token of the next page. An id that is none is left out: no record could have it."""
    vulns = result.get("vulns") or [] if isinstance(result, dict) else None
    token = result.get("next_page_token") or "" if isinstance(result, dict) else None
    if not isinstance(vulns, list) or not isinstance(token, str) or len(token) > 4096:
        raise NetworkError(f"{url}: an answer in another form than expected", reason="malformed")
    found = {}
    for item in vulns:
        known, modified = (item.get("id"), item.get("modified")) if isinstance(item, dict) else (None, None)
        if records.is_id(known):
            found[str(known)] = modified if isinstance(modified, str) and len(modified) <= 40 else ""
    return found, token
