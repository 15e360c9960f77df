"""CVSS vectors into a score and a severity.

The scores are computed by the `cvss` library, which follows the CVSS 3.0, 3.1 and 4.0 specifications of FIRST; it is imported
only when a database is made or a service answers.
"""

from __future__ import annotations

from functools import lru_cache

from steadypin.model.severity import Severity

_KINDS = ("CVSS_V3", "CVSS_V4")


def rate(vectors: tuple[tuple[str, str], ...]) -> tuple[float | None, Severity | None]:
    """The highest base score of the (type, vector) pairs and its rating; (None, None) where none can be computed.

    Only CVSS v3 and v4 count: the older scale has no "critical", and other types are words of one distribution.
    """
    scores = [score for kind, vector in vectors if kind in _KINDS and (score := _score(vector)) is not None]
    return (max(scores), rating(max(scores))) if scores else (None, None)


def rating(score: float) -> Severity:
    """The qualitative rating of CVSS v3 and v4; its "none" is INFO here."""
    for floor, severity in ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW)):
        if score >= floor:
            return severity
    return Severity.INFO


@lru_cache(maxsize=8192)
def _score(vector: str) -> float | None:
    from cvss import CVSS3, CVSS4  # type: ignore[import-untyped]
    from cvss.exceptions import CVSSError  # type: ignore[import-untyped]

    reader = CVSS4 if vector.startswith("CVSS:4") else CVSS3
    try:
        return float(reader(vector).base_score)
    except (CVSSError, ValueError, ArithmeticError, LookupError):
        return None
