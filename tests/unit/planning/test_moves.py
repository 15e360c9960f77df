"""Sizes of moves."""

from __future__ import annotations

import pytest

from steadypin.model.released import Project, Release
from steadypin.planning.moves import Size, ceiling, is_calendar, size


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("1.2.3", "1.2.3", Size.NONE),
        ("1.0", "1.0.0", Size.NONE),
        ("1.2.3", "1.2.4", Size.PATCH),
        ("1.2.3", "1.2.3.post1", Size.PATCH),
        ("1.2.3", "1.3.0", Size.MINOR),
        ("1.2.3", "2.0", Size.MAJOR),
        ("2.0rc1", "2.0", Size.PATCH),
        ("0.1.2", "0.1.3", Size.PATCH),
        ("0.1", "0.2", Size.BIG),
        ("0.0.1", "0.0.2", Size.BIG),
        ("0.9", "1.0", Size.BIG),
        ("1.0", "1!0.1", Size.MAJOR),
        ("2.0", "1.0", Size.MAJOR),
        ("1.0+cpu", "1.0+cu121", Size.PATCH),
        ("not a version", "1.0", Size.MAJOR),
    ],
)
def test_sizes(before, after, expected):
    assert size(before, after) is expected


def test_calendar_versions():
    assert size("2023.11.17", "2026.10.19", calendar=True) is Size.BIG
    assert size("24.1", "24.2", calendar=True) is Size.MINOR
    assert is_calendar("2023.11", None)
    assert not is_calendar("42.0", None)
    dated = tuple(Release(f"{year}.1", f"20{year}-03-01T00:00:00Z") for year in (22, 23, 24, 25))
    assert is_calendar("23.1", Project(name="attrs", index="", releases=dated))
    counted = tuple(Release(f"{number}.0", "2024-03-01T00:00:00Z") for number in (39, 40, 41, 42))
    assert not is_calendar("42.0", Project(name="cryptography", index="", releases=counted))


@pytest.mark.parametrize(
    ("version", "limit", "bound"),
    [
        ("1.2.3", Size.MINOR, "<2.dev0"),
        ("1.2.3", Size.PATCH, "<1.3.dev0"),
        ("0.4.2", Size.MINOR, "<0.5.dev0"),
        ("0.4.2", Size.PATCH, "<0.5.dev0"),
        ("0.0.7", Size.MINOR, "<0.0.8.dev0"),
        ("1!3.2", Size.MINOR, "<1!4.dev0"),
        ("7", Size.PATCH, "<7.1.dev0"),
        ("?", Size.MINOR, None),
    ],
)
def test_ceilings(version, limit, bound):
    assert ceiling(version, limit) == bound
