"""Sections of changelogs in the styles that people write, and texts that are no changelog at all."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypin.planning.changelogs import MOST_CHARACTERS, MOST_LINES, quotes, sections

STYLES = {
    "keep-a-changelog": "# Changelog\n\n## [Unreleased]\n- Soon\n\n## [2.0.0] - 2025-01-02\n### Removed\n- The old door\n\n## [1.1.0]\n- A window\n\n## [1.0.0]\n- First\n\n[2.0.0]: https://x.example\n",
    "linked": "# History\n\n## [2.0.0](https://x.example/2.0.0) - 2025-01-02\n\n* Removed the\n  old door ([#12](https://x.example/12))\n\n## v1.1.0 (2024-03-04)\n\n* A window\n\n## 1.0.0\n\n* First\n",
    "rst-dates": "Changes\n=======\n\n2.0.0 (2025-01-02)\n------------------\n\n- Removed the old door. :pr:`12`\n\n1.1.0 (2024-03-04)\n------------------\n\n- A ``window``\n\n1.0.0\n-----\n\n- First\n",
    "rst-version": "Version 2.0.0\n-------------\n\nReleased 2025-01-02\n\n-   Removed the old door.\n\n\nVersion 1.1.0\n-------------\n\nReleased 2024-03-04\n\n-   A window\n\nVersion 1.0.0\n-------------\n\n-   First\n",
    "rst-overlined": "==========\n Releases\n==========\n\n.. _version-2.0.0:\n\n2.0.0\n=====\n:release-date: 2025-01-02\n:release-by: somebody\n\n- Removed the old door\n\n.. _version-1.1.0:\n\n1.1.0\n=====\n\n- A window\n\n1.0.0\n=====\n\n- First\n",
    "named": "# Demo 2.0.0 release notes\n\nBackwards incompatible changes\n------------------------------\n\n* The old door\n\n# Demo 1.1 release notes\n\n* A window\n\n# Demo 1.0.0 release notes\n\n* First\n",
    "whats-new": "What's new in demo 2.0.0 (2025-01-02)\n^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n\n- Removed the old door\n\nWhat's new in demo 1.1\n^^^^^^^^^^^^^^^^^^^^^^\n\n- A window\n\nWhat's new in demo 1.0\n^^^^^^^^^^^^^^^^^^^^^^\n\n- First\n",
    "sphinx": ".. changelog::\n    :version: 2.0.0\n    :released: January 2, 2025\n\n    .. change::\n        :tags: bug, doors\n        :tickets: 12\n\n        Removed the old door\n\n.. changelog::\n    :version: 1.1.0\n\n    .. change::\n        :tags: bug\n\n        A window\n\n.. changelog::\n    :version: 1.0.0\n\n    First\n",
    "bold": "**2.0.0**\n\n* Removed the old door\n\n**1.1.0**\n\n* A window\n\n**1.0.0**\n\n* First\n",
    "bare": "v2.0.0, 2025-01-02\n  - Removed the old door\n  - 3.5 of 4 stars\n\nv1.1.0, 2024-03-04\n  - A window\n\nv1.0.0, 2023-01-01\n  - First\n",
    "equals": "= Changelog =\n\n== 2.0.0 ==\n * Removed the old door\n\n== 1.1.0 ==\n * A window\n\n== 1.0.0 ==\n * First\n",
}


@pytest.mark.parametrize("style", STYLES)
def test_the_sections_between_two_versions_are_found(style: str) -> None:
    found = quotes([("CHANGES.md", STYLES[style])], name="demo", after="1.0.0", last="2.0.0")
    assert [quote.version for quote in found] in (["2.0.0", "1.1.0"], ["2.0.0", "1.1"])
    (heavy,) = found[0].heavy
    assert "old door" in heavy and "\n" not in heavy
    assert [line.replace("`", "") for line in found[1].lines] == ["A window"]
    assert not any("First" in text for quote in found for text in (*quote.heavy, *quote.lines))


def test_headings_that_hold_another_number_begin_no_section() -> None:
    text = "## 2.0\n\n### Python 3.8\n\n- Dropped\n\n### 3 new doors\n\n- a\n\n### 1.x users\n\n- b\n\n# Licence\n\nMIT\n"
    (section,) = sections(text, name="demo")
    assert section.version == "2.0" and "MIT" not in " ".join(section.lines) and "- b" in section.lines


def test_a_folder_with_one_file_a_version() -> None:
    texts = [("docs/releases/1.1.txt", "Notes\n=====\n\n* A window\n"), ("docs/releases/1.0.txt", "* First\n")]
    found = quotes(texts, name="demo", after="1.0", last="2.0")
    assert [(quote.version, quote.lines) for quote in found] == [("1.1", ("A window",))]


def test_pre_releases_are_left_out_unless_one_is_meant() -> None:
    text = "## 2.0rc1\n\n- almost\n\n## 1.1\n\n- A window\n"
    assert [q.version for q in quotes([("", text)], name="demo", after="1.0", last="2.0")] == ["1.1"]
    assert [q.version for q in quotes([("", text)], name="demo", after="1.0", last="2.0rc1")] == ["2.0rc1", "1.1"]


def test_what_is_removed_comes_first_and_the_whole_is_bounded() -> None:
    body = "".join(f"- item {number} of many\n" for number in range(200))
    text = f"## 2.0\n\n{body}- Dropped support for doors\n\n## 1.1\n\n{body}- `x` is deprecated\n"
    found = quotes([("", text)], name="demo", after="1.0", last="2.0")
    assert [quote.heavy for quote in found] == [("Dropped support for doors",), ("`x` is deprecated",)]
    every = [text for quote in found for text in (*quote.heavy, *quote.lines)]
    assert len(every) == MOST_LINES and sum(map(len, every)) <= MOST_CHARACTERS
    assert sum(quote.left_out for quote in found) == 402 - MOST_LINES


@pytest.mark.parametrize("text", ["", "2.0", "# 2.0", "no\nversions\nhere\n", "{}", "\0" * 50, "=" * 500, "- 2.0\n" * 3])
def test_texts_that_say_nothing_are_not_quoted(text: str) -> None:
    assert quotes([("CHANGES", text)], name="demo", after="1.0", last="2.0") == ()
    assert quotes([("CHANGES", text)], name="demo", after="not a version", last="2.0") == ()


@given(
    st.lists(
        st.sampled_from(["## 1.5\n", "1.5\n---\n", "- a\n", "`", "**", "[", "](", ":", " ", "=", "\n", "x", "<!--"]),
        max_size=60,
    )
)
def test_any_text_gives_bounded_quotes(parts: list[str]) -> None:
    for quote in quotes([("a/b.md", "".join(parts))], name="demo", after="1.0", last="2.0"):
        assert quote.version == "1.5" and all("\n" not in text for text in (*quote.heavy, *quote.lines))


@pytest.mark.parametrize("unit", [" ", "= ", "[", "`<", ":a", "1.", "- ", "*", "#", "v1.0.", "a ", ":a: "])
def test_hostile_repetition_takes_no_time(unit: str) -> None:
    started = time.process_time()
    text = unit * 200_000
    quotes([("", text), ("", f"## 1.5\n{text}\n"), ("", (unit * 100 + "\n") * 2_000)], name="demo", after="1.0", last="2.0")
    assert time.process_time() - started < 3
