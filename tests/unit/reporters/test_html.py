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
from steadypin.model.plan import Change, Hold, ManifestEdit, Plan, PlanStats, Quote, Reason, Stage
from steadypin.model.policy import Policy
from steadypin.model.released import Release
from steadypin.model.report import Report
from steadypin.model.trial import Culprit, TrialResult, Verdict
from steadypin.model.upgrade import Baseline, Held, Move, RunCounts, StageResult, UpgradeResult
from steadypin.pipeline.audit import report
from steadypin.reporters import REPORTERS, Presentation
from steadypin.reporters.html.graph import blocker_graph
from steadypin.reporters.html.links import anchor, moment_words, plain_url
from steadypin.reporters.html.pictures import ages, lines
from steadypin.reporters.html.upgrade import tried_tree
from steadypin.reporters.measures import lag_years, measures
from steadypin.reporters.plans import PLAN_REPORTERS
from steadypin.reporters.upgrades import UPGRADE_REPORTERS
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


def test_a_finding_about_a_package_that_no_ledger_has_leads_nowhere() -> None:
    settings = Settings(root=Path(), policy=Policy(required=("missing",)))
    text = REPORTERS["html"].render(report(facts(lock(pin("a", "1"))), settings, command="audit"), Presentation())
    assert "missing" in text and 'href="#p-missing"' not in text


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


PLAN = Plan(
    facts_digest="f" * 64,
    target="python=3.12,platform=linux_x86_64",
    resolver="uv 0.8.0",
    stats=PlanStats(resolver_runs=12, seconds=3.4),
    stages=(
        Stage(
            number=1,
            title="known flaws",
            risk="low",
            changes=(
                Change(name="werkzeug", before="2.2.3", after="2.3.8", direct=True, why="minor", cures=("PYSEC-0000-1",)),
            ),
        ),
        Stage(
            number=2,
            title="majors that move together",
            risk="high",
            changes=(
                Change(
                    name="boto3",
                    before="1.26.165",
                    after="1.35.0",
                    direct=True,
                    coupled_with=("botocore",),
                    why="minor, only together with botocore because it asks for botocore<1.36.0,>=1.35.0",
                ),
                Change(name="botocore", before="1.29.165", after="1.35.0", coupled_with=("boto3",), why="minor"),
                Change(name="old-helper", before="0.1", after=None, kind="remove", why="nobody asks for it any more"),
            ),
        ),
    ),
    holds=(
        Hold(
            name="urllib3",
            at="1.26.20",
            latest="2.2.3",
            because=(Reason(kind="requirement", by="botocore 1.35.0", requirement="urllib3!=2.2.0,<3,>=1.25.4"),),
        ),
    ),
    gaps=(Gap(subject="requirements.txt", stage="resolution", reason="foreign-lock", detail="only pip-tools writes it"),),
)


def tried(verdict: Verdict, *changes: str) -> TrialResult:
    return TrialResult(changes=frozenset(changes), verdict=verdict)


def result() -> UpgradeResult:
    return UpgradeResult(
        plan_digest="ab" * 32,
        command="pytest -q",
        python="3.12.1",
        baseline=Baseline(verdict=Verdict.PASSED, tests=42, seconds=3.2),
        stages=(
            StageResult(number=1, title="patches", verdict=Verdict.PASSED, runs=1, changes=("werkzeug",)),
            StageResult(
                number=2,
                title="majors",
                verdict=Verdict.FAILED,
                runs=6,
                changes=("flask", "boto3", "botocore"),
                tried=(
                    tried(Verdict.FAILED, "boto3", "botocore", "flask"),
                    tried(Verdict.PASSED, "boto3"),
                    tried(Verdict.FAILED, "botocore", "flask"),
                    tried(Verdict.FAILED, "flask"),
                    tried(Verdict.UNRESOLVED, "botocore"),
                ),
            ),
        ),
        kept=(Move(name="werkzeug", before="2.2.3", after="2.3.8"), Move(name="boto3", before="1.0", after="2.0")),
        moved=(
            Move(name="werkzeug", before="2.2.3", after="2.3.8"),
            Move(name="boto3", before="1.0", after="2.0"),
            Move(name="old-helper", before="0.1", after=None),
        ),
        culprits=(
            Culprit(
                changes=("flask",),
                kind="single",
                confidence=0.97,
                last_good="2.3.3",
                first_bad="3.0.0",
                failing_tests=tuple(f"tests/test_api.py::test_{i}" for i in range(12)),
                error="ImportError: cannot import name 'escape' from 'flask'",
                boundary="app/views.py:3 -> flask/__init__.py",
            ),
        ),
        held=(
            Held(name="flask", before="2.2.5", at="2.3.3", wanted="3.0.0", because="tests are red with it"),
            Held(name="botocore", before="1.0", at="1.0", wanted="2.0", because="moves only with boto3"),
        ),
        confirmed=True,
        runs=RunCounts(baseline=1, search=5, confirm=1, repeated=1),
        seconds=81.2,
        gaps=(Gap(subject="tests", stage="trials", reason="no-coverage", detail="three tests were skipped"),),
    )


def test_a_plan_and_a_result_are_pages_of_the_same_kind() -> None:
    for text in (
        PLAN_REPORTERS["html"].render(PLAN, Presentation()),
        UPGRADE_REPORTERS["html"].render(result(), Presentation()),
    ):
        read = Reader(text)
        ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
        hrefs = [attributes["href"] or "" for tag, attributes in read.tags if tag == "a"]
        assert not read.open and len(ids) == len(set(ids))
        assert not {href for href in hrefs if href.startswith("#") and href[1:] not in ids}
        assert text.endswith("</html>\n") and "Content-Security-Policy" in text


def test_a_result_names_the_culprit_and_where_it_was_isolated() -> None:
    text = UPGRADE_REPORTERS["html"].render(result(), Presentation())
    assert "last good 2.3.3, first bad 3.0.0" in text and "and 4 more" in text and "three tests were skipped" in text
    assert '<li class="culprit"><span class="name">flask</span>' in text


def test_the_search_is_a_tree_of_sets() -> None:
    (root,) = tried_tree(result().stages[1].tried)
    assert root.label == "3: boto3, botocore, flask" and root.verdict == "failed"
    assert [(node.label, node.verdict) for node in root.children] == [("1: boto3", "passed"), ("2: botocore, flask", "failed")]
    assert [node.label for node in root.children[1].children] == ["1: flask", "1: botocore"]
    chain = [tried(Verdict.FAILED, *(str(n) for n in range(size))) for size in range(1000, 0, -1)]
    assert "span" in UPGRADE_REPORTERS["html"].render(
        UpgradeResult(
            plan_digest="",
            command="",
            python="",
            baseline=Baseline(verdict=Verdict.PASSED),
            stages=(StageResult(number=1, title="", verdict=Verdict.FAILED, tried=tuple(chain)),),
        ),
        Presentation(),
    )


def test_empty_and_hostile_plans_and_results_are_harmless() -> None:
    nasty = '"><script>alert(1)</script>\x1b[31m\u202e' + "x" * 10_000
    quote = Quote(version=nasty, heavy=(nasty,), lines=(nasty,), left_out=1)
    links = (("a", "javascript:alert(1)"),)
    change = Change(name=nasty, before=nasty, after=nasty, why=nasty, cures=(nasty,), links=links, quotes=(quote,))
    edit = ManifestEdit(name=nasty, place=nasty, before=nasty, after=nasty)
    stage = Stage(number=1, title=nasty, risk="low", changes=(change,))
    hold = Hold(name=nasty, at=None, latest=nasty, because=(Reason(kind=nasty, by=nasty),))
    plan = Plan(facts_digest="", target=nasty, stages=(stage,), holds=(hold,), resolver=nasty, edits=(edit,))
    failed = Baseline(verdict=Verdict.FAILED, outcome=nasty, failed=(nasty,), error=nasty)
    culprit = Culprit(changes=(nasty,), kind="single", confidence=1.0, quotes=((nasty, quote),))
    made = UpgradeResult(plan_digest="", command=nasty, python=nasty, baseline=failed, culprits=(culprit,), edits=(edit,))
    texts = [
        PLAN_REPORTERS["html"].render(plan, Presentation()),
        PLAN_REPORTERS["html"].render(Plan(facts_digest="", target=""), Presentation()),
        UPGRADE_REPORTERS["html"].render(made, Presentation()),
    ]
    for text in texts:
        assert text.count("<script>") == 1 and "\x1b" not in text and "\u202e" not in text and "javascript:" not in text
        assert len(text) < 100_000
