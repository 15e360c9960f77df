"""What the project's own uv configuration says about the age of releases (`exclude-newer` in uv.toml or [tool.uv])."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from math import ceil
from pathlib import Path
from typing import Any

from steadypin import toml

_LIMIT = 4 * 1024 * 1024
_FRIENDLY = re.compile(r"(\d{1,5})\s*(hour|day|week|month|year)s?(?:\s+ago)?", re.IGNORECASE)
_ISO = re.compile(r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(\d{1,5})H)?", re.IGNORECASE)
_HOURS = {"hour": 1, "day": 24, "week": 7 * 24, "month": 30 * 24, "year": 365 * 24}


def own_cooldown(folder: Path, taken_at: str) -> tuple[int, str]:
    """(days, file) of the project's own limit, (0, "") where it has none or none that can be read. `taken_at` is an ISO time.

    uv itself obeys it whatever it is asked; known here, it can be named as the reason of a hold.
    """
    for name, path in (("uv.toml", ()), ("pyproject.toml", ("tool", "uv"))):
        table = _table(folder / name, path)
        if table is not None:
            found = _days(table.get("exclude-newer"), taken_at)
            return (found, name) if found > 0 else (0, "")
    return 0, ""


def _table(file: Path, path: tuple[str, ...]) -> dict[str, Any] | None:
    try:
        with file.open("rb") as stream:
            found: Any = toml.loads(stream.read(_LIMIT).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _days(value: object, taken_at: str) -> int:
    """The whole days that a limit lies back, rounded up; 0 for one that is no limit."""
    text = value.isoformat() if hasattr(value, "isoformat") else str(value or "").strip()
    if friendly := _FRIENDLY.fullmatch(text):
        return ceil(int(friendly[1]) * _HOURS[friendly[2].lower()] / 24)
    iso = _ISO.fullmatch(text)
    if iso and any(iso.groups()):
        years, months, weeks, days, hours = (int(part or 0) for part in iso.groups())
        return years * 365 + months * 30 + weeks * 7 + days + ceil(hours / 24)
    moment, now = _moment(text), _moment(taken_at)
    return max(0, ceil((now - moment) / timedelta(days=1))) if moment and now else 0


def _moment(text: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)
