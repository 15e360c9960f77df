"""Links for reviewers, out of what projects write."""

from __future__ import annotations

import pytest

from steadypin.planning.links import reviewer_links

REPOSITORY = "https://github.com/acme/tool"


def test_well_known_labels_and_the_pages_of_a_repository() -> None:
    urls = [
        ("Change Log", "https://tool.example/changes"),
        ("Source-Code", f"{REPOSITORY}.git"),
        ("Funding", "https://x.example"),
    ]
    assert reviewer_links(urls, "1.0", "1.2") == (
        ("changelog", "https://tool.example/changes"),
        ("releases", f"{REPOSITORY}/releases"),
        ("compare v1.0...v1.2", f"{REPOSITORY}/compare/v1.0...v1.2"),
        ("repository", REPOSITORY),
    )


def test_a_newcomer_has_nothing_to_compare_with_and_gitlab_has_its_own_paths() -> None:
    links = dict(reviewer_links([("Homepage", "https://gitlab.com/acme/tool/-/tree/main")], None, "1.2"))
    assert links == {"releases": "https://gitlab.com/acme/tool/-/releases", "repository": "https://gitlab.com/acme/tool"}


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "https://user:secret@tool.example/", "https://tool.example/a b", "https://tool.example/)[x](y",
        "file:///etc/passwd", "https://[", "", "https://tool.example/\x1b[31m", "https://tool.example/<b>", "//tool.example",
        "https://tool.example/" + "a" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_plain_address_of_the_web_is_left_out(url: str) -> None:
    assert reviewer_links([("Changelog", url), ("Source", url)], "1", "2") == ()
