"""What could not be found out, and why."""

from __future__ import annotations

from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Gap:
    """A hole in the knowledge that a report rests on.

    `subject` is a package, file or service; `stage` the part of the work ("sources", "index", "advisories", "resolution",
    "trials"); `reason` a short stable word ("offline", "timeout", "http-503", "not-json", "too-large", "unreadable", …);
    `detail` a sentence for people.
    """

    subject: str
    stage: str
    reason: str
    detail: str = ""
