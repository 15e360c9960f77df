"""What the pages share: where a name, an address or a gap leads, and how a time reads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from steadypin.model.gap import Gap
from steadypin.reporters.measures import parse_moment
from steadypin.values import dataclass

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}")
_URL = re.compile(r"https?://[^\s\"'<>\\@\x00-\x20]+")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A number at a glance. `href` is where it leads; `tone` is "good", "warn", "bad" or ""."""

    label: str
    value: str
    note: str
    href: str
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A text and where it leads; `href` "" leads nowhere."""

    text: str
    href: str = ""


def anchor(name: str) -> str:
    """The id of a package's row: its name where that is harmless, else a digest of it."""
    if is_plain_name(name):
        return f"p-{name}"
    return "p--" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def is_plain_name(name: str) -> bool:
    """Whether a name is harmless as it stands: in an id, in a path."""
    return _NAME.fullmatch(name) is not None


def plain_url(url: str) -> str:
    """The URL where it is an ordinary web address without a login, else ""."""
    return url if len(url) <= 500 and _URL.fullmatch(url) else ""


def moment_words(text: str) -> str:
    """`24 November 2026, 12:00 UTC`; "" for what is no time."""
    at = parse_moment(text)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} UTC" if at else ""


def group_gaps(gaps: Sequence[Gap]) -> Iterator[tuple[str, str, tuple[Gap, ...]]]:
    """By stage and reason."""
    ordered = sorted(gaps, key=lambda gap: (gap.stage, gap.reason, gap.subject))
    for (stage, reason), found in groupby(ordered, key=lambda gap: (gap.stage, gap.reason)):
        yield stage, reason, tuple(found)
