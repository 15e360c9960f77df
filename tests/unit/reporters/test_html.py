"""The page without a browser: its numbers, its promises, its size."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from steadypin.config import Settings
from steadypin.model.gap import Gap
from steadypin.model.history import HistoryPoint
from steadypin.model.released import Release
from steadypin.model.report import Report
from steadypin.pipeline.audit import report
from steadypin.reporters import REPORTERS, Presentation
from steadypin.reporters.html.graph import blocker_graph
from steadypin.reporters.html.page import anchor, moment_words, plain_url
from steadypin.reporters.html.pictures import ages, lines
from steadypin.reporters.measures import lag_years, measures
from tests.support.ledgers import declared, facts, installed, lock, manifest, pin, project


def released(*rows: tuple[str, str]) -> list[Release]:
    return [Release(version, f"{day}T00:00:00Z", None, None, (), True) for version, day in rows]


def audited(**more: object) -> Report:
    known = facts(
        manifest(declared("flask>=2"), declared("boto3<2", line=2)),
        lock(pin("flask", "2.0"), pin("jinja2", "3.0"), pin("boto3", "1.0"), pin("gone", "1.0")),
        installed=(
            installed("flask", "2.1", "jinja2<3.1"),
            installed("jinja2", "3.0"),
            installed("boto3", "1.0", "botocore==1.0"),
            installed("botocore", "1.0"),
        ),
        projects=(
            project("flask", *released(("2.0", "2020-01-01"), ("2.1", "2021-01-01"), ("3.0", "2023-01-01"))),
            project("jinja2", *released(("3.0", "2021-01-01"), ("3.0.1", "2021-07-01"), ("3.1", "2022-01-01"))),
            project("boto3", *released(("1.0", "2020-01-01"), ("2.0", "2024-01-01"))),
            project("botocore", *released(("1.0", "2020-01-01"), ("2.0", "2024-01-01"))),
        ),
        **more,
    )
    return report(known, Settings(root=Path()), command="audit")


REPORT = audited(gaps=(Gap(subject="gone", stage="index", reason="timeout", detail="no answer"),))
HTML = REPORTERS["html"].render(REPORT, Presentation())


class Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"


READ = Reader(HTML)


def test_libyears_are_the_sum_of_the_ways_to_the_newest_release() -> None:
    found = measures(REPORT)
    assert found.libyears == pytest.approx(2.0 + 1.0 + 4.0 + 4.0, abs=0.02)
    assert found.undated == 1  # `gone` has no dates


def test_a_package_at_its_newest_release_is_not_behind_however_old_that_is() -> None:
    (package,) = report(
        facts(lock(pin("a", "2")), installed=(installed("a", "2"),), projects=(project("a", *released(("2", "2010-01-01"))),)),
        Settings(root=Path()),
        command="audit",
    ).packages
    assert lag_years(package) == 0.0


def test_who_holds_and_what_can_move() -> None:
    found = measures(REPORT)
    assert dict(found.holders) == {"boto3": ("botocore",), "flask": ("jinja2",), "requirements.in:2": ("boto3",)}
    assert found.movable == {"flask", "jinja2"} and found.drifted == {"flask", "gone", "botocore"}


def test_every_tag_is_closed_and_every_id_is_there_once() -> None:
    assert not READ.open
    ids = [attributes["id"] for _, attributes in READ.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_link_within_the_page_leads_somewhere() -> None:
    ids = {attributes.get("id") for _, attributes in READ.tags}
    hrefs = [attributes["href"] or "" for tag, attributes in READ.tags if tag == "a"]
    assert not {href for href in hrefs if href.startswith("#") and href[1:] not in ids}


def test_nothing_is_loaded_and_nothing_is_inline_but_what_the_policy_names() -> None:
    assert not [tag for tag, attributes in READ.tags if {"src", "srcset", "style"} & attributes.keys()]
    assert not [name for _, attributes in READ.tags for name in attributes if name.startswith("on")]
    policy = next(a["content"] for t, a in READ.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy and "default-src 'none'" in policy and policy.count("'sha256-") == 2 and "unsafe" not in policy


def test_gaps_stand_where_findings_stand() -> None:
    assert "no answer" in HTML and "not found out" in HTML
    assert HTML.index('id="gaps"') < HTML.index('id="packages"')


def test_a_check_that_asked_no_index_says_so() -> None:
    known = facts(lock(pin("a", "1")), installed=(installed("a", "1"),))
    text = REPORTERS["html"].render(report(known, Settings(root=Path()), command="check"), Presentation())
    assert "no index was asked" in text and "no advisories were asked" in text and 'id="ages"' not in text


def test_names_that_are_no_ids_get_a_digest() -> None:
    assert anchor("flask") == "p-flask"
    assert re.fullmatch(r"p--[0-9a-f]{12}", anchor('"><script>')) and anchor("a b") != anchor("a  b")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://user:word@index.example/", "https://a b", 'https://a"b', "data:,", "//a", "x" * 900]
)
def test_only_ordinary_web_addresses_become_links(url: str) -> None:
    assert plain_url(url) == ""


def test_times_are_the_reports() -> None:
    assert moment_words("2026-11-24T12:00:00Z") == "24 November 2026, 12:00 UTC"
    assert moment_words("yesterday") == ""


def test_the_graph_shows_holders_left_of_what_they_hold() -> None:
    graph = blocker_graph(REPORT.packages)
    assert graph is not None
    x = {node.name: node.x for node in graph.nodes}
    assert x["requirements.in:2"] < x["boto3"] < x["botocore"] and x["flask"] < x["jinja2"]
    assert {edge.label for edge in graph.edges} == {"<3.1", "<2", "==1.0"} and not graph.boxes


def test_packages_that_hold_each_other_stand_in_one_box() -> None:
    known = facts(
        installed=(installed("a", "1", "b==1"), installed("b", "1", "a==1")),
        projects=(project("a", "1", "2"), project("b", "1", "2")),
    )
    graph = blocker_graph(report(known, Settings(root=Path()), command="audit").packages)
    assert graph is not None and len(graph.boxes) == 1 and len(graph.edges) == 2


def test_a_graph_of_many_says_what_it_leaves_out() -> None:
    names = [f"held{i}" for i in range(200)]
    known = facts(
        installed=(installed("holder", "1", *(f"{name}<2" for name in names)), *(installed(name, "1") for name in names)),
        projects=tuple(project(name, "1", "2") for name in names),
    )
    graph = blocker_graph(report(known, Settings(root=Path()), command="audit").packages)
    assert graph is not None and len(graph.nodes) <= 40 and graph.left_out == 200 - (len(graph.nodes) - 1)


def test_the_dumbbells_are_the_worst_first_and_within_the_picture() -> None:
    found = ages(REPORT.packages)
    assert found is not None
    assert [row.name for row in found.rows] == ["boto3", "botocore", "flask", "jinja2"]
    assert all(0 <= mark.x <= 100 for row in found.rows for mark in row.marks)


def point(day: int, **more: object) -> HistoryPoint:
    return HistoryPoint(taken_at=f"2026-01-{day:02}T00:00:00Z", packages=1, **more)  # type: ignore[arg-type]


def test_history_is_plotted_where_at_least_two_audits_know() -> None:
    assert lines((point(1, drifted=1),)) == ()
    found = lines((point(1, drifted=4, unsafe=None, findings=1), point(9, drifted=0, unsafe=2, findings=1)))
    assert [line.title for line in found] == ["Drifted packages", "Findings"]
    assert found[0].first == "4" and found[0].last == "0"
    with_plots = dataclasses.replace(REPORT, history=(point(1, drifted=4), point(9, drifted=0)))
    text = REPORTERS["html"].render(with_plots, Presentation())
    assert 'id="history"' in text and "2026-01-09" in text


def large() -> Report:
    """500 packages, each far behind, with three findings and a hundred releases."""
    names = [f"package-{i:03}" for i in range(500)]
    days = [f"20{15 + i // 12}-{i % 12 + 1:02}-0{i % 9 + 1}" for i in range(100)]
    rows = released(*((f"1.{i}", day) for i, day in enumerate(days)))
    known = facts(
        lock(*(pin(name, "1.2", line=i) for i, name in enumerate(names))),
        installed=tuple(installed(name, "1.3", f"{names[i - 1]}<1.9") for i, name in enumerate(names)),
        projects=tuple(project(name, *rows) for name in names),
    )
    return report(known, Settings(root=Path()), command="audit")


def test_500_packages_stay_under_a_megabyte_and_a_half() -> None:
    big = large()
    text = REPORTERS["html"].render(big, Presentation())
    assert len(big.packages) == 500 and len(big.findings) >= 1500
    assert len(text.encode()) < 1_500_000
    assert text.count("<tbody id=") == 500
