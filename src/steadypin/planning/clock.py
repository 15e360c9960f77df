"""Dates as texts: the time of the facts is the only clock."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone


def days_before(taken_at: str, days: int) -> str:
    """The ISO time (UTC, to the second, with Z) that lies so many days before another."""
    return (_moment(taken_at) - timedelta(days=days)).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def at_or_before(one: str, other: str) -> bool:
    """Whether one time is no later than the other."""
    return _moment(one) <= _moment(other)


def days_after(published: str, days: int) -> str:
    """The ISO date on which a release has outlived so many days."""
    return (_moment(published) + timedelta(days=days)).date().isoformat()


def months_between(one: str, other: str) -> int:
    """Whole months from one time to the other, 0 or more."""
    return max(0, (_moment(other) - _moment(one)).days // 30)


def _moment(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=timezone.utc)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)
