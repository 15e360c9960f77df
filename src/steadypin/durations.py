"""Durations and days as people write them: `7d`, `2w`, `P7D`, `P1M`."""

from __future__ import annotations

import re

_SHORT = r"(?i)(\d{1,6})\s*([dwmy]?)"
_ISO = r"(?i)P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
_DAYS = {"": 1, "d": 1, "w": 7, "m": 30, "y": 365}


def days(text: str) -> int:
    """Whole days of a duration: a number, `7d`, `2w`, `6m` (30 days each), `1y`, or ISO 8601 (`P7D`). ValueError otherwise."""
    if found := re.fullmatch(_SHORT, text.strip()):
        return int(found[1]) * _DAYS[found[2].lower()]
    found = re.fullmatch(_ISO, text.strip())
    if not found or not any(found.groups()):
        raise ValueError(f"not a duration: {text!r}; write 7d, 2w or P7D")
    years, months, weeks, single = (int(part or 0) for part in found.groups())
    return years * 365 + months * 30 + weeks * 7 + single
