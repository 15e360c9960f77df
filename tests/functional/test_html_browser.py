"""The HTML report in a real browser: nothing leaves the page, every control works with real clicks, hostile names stay text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadypin.reporters import REPORTERS, Presentation
from steadypin.reporters.plans import PLAN_REPORTERS
from steadypin.reporters.upgrades import UPGRADE_REPORTERS
from tests.contracts.test_reporters import hostile_report
from tests.support import browser
from tests.support.browser import Tab
from tests.support.command import steadypin
from tests.support.samples import NAMES, copy
from tests.unit.reporters.test_html import PLAN, REPORT, large, result

pytestmark = [pytest.mark.browser, pytest.mark.skipif(browser.program() is None, reason="needs Chromium")]

SHOWN = "[...document.querySelectorAll('#ledgers tbody')].filter(row => !row.hidden).map(row => row.id)"


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser.browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for name, report in (("small", REPORT), ("large", large()), ("hostile", hostile_report())):
        folder.joinpath(f"{name}.html").write_text(REPORTERS["html"].render(report, Presentation()), encoding="utf-8")
    folder.joinpath("plan.html").write_text(PLAN_REPORTERS["html"].render(PLAN, Presentation()), encoding="utf-8")
    folder.joinpath("upgrade.html").write_text(UPGRADE_REPORTERS["html"].render(result(), Presentation()), encoding="utf-8")
    return folder


@pytest.fixture
def visit(tab: Tab, pages: Path) -> Iterator[Tab]:
    """A tab at the small report; it must not complain, nor ask for anything but files of ours."""
    tab.look()
    tab.requests.clear()
    tab.complaints.clear()
    tab.call("Emulation.setScriptExecutionDisabled", value=False)
    tab.open((pages / "small.html").as_uri())
    yield tab
    tab.call("Emulation.setScriptExecutionDisabled", value=False)
    assert tab.complaints == []
    assert [url for url in tab.requests if not url.startswith(("file://", "data:", "about:"))] == []


def test_a_click_sorts_and_says_so(visit: Tab) -> None:
    visit.click("#ledgers thead th:nth-child(9) button")
    assert visit.run("document.querySelector('#ledgers th:nth-child(9)').getAttribute('aria-sort')") == "descending"
    ages = visit.run(
        "[...document.querySelectorAll('#ledgers tbody td:nth-child(9)')].map(cell => parseInt(cell.textContent) || -1)"
    )
    assert ages == sorted(ages, reverse=True) and len(set(ages)) > 2
    visit.click("#ledgers thead th:nth-child(9) button")
    assert visit.run("document.querySelectorAll('#ledgers [aria-sort]').length") == 1
    assert visit.run("document.querySelector('#ledgers th:nth-child(9)').getAttribute('aria-sort')") == "ascending"


def test_versions_sort_as_people_read_them(visit: Tab) -> None:
    visit.click("#ledgers thead th:nth-child(7) button")
    latest = visit.run("[...document.querySelectorAll('#ledgers tbody td:nth-child(7)')].map(cell => cell.textContent)")
    assert [version for version in latest if version] == ["2.0", "2.0", "3.0", "3.1"]


def test_typing_filters_and_the_count_is_said(visit: Tab) -> None:
    visit.click("#search")
    visit.type("boto jinja")
    assert visit.run(SHOWN) == []
    visit.click("#filters button[type=reset]")
    visit.run("new Promise(done => setTimeout(done, 20))")
    visit.click("#search")
    visit.type("BOTO3")
    assert visit.run(SHOWN) == ["p-boto3", "p-botocore"]  # botocore's details name who holds it
    assert visit.run("document.getElementById('shown').textContent") == "2 of 5 shown"


def test_a_number_leads_to_its_rows(visit: Tab) -> None:
    visit.click(".tiles a[href='#show-held']")
    assert visit.run(SHOWN) == ["p-boto3", "p-botocore", "p-jinja2"]
    assert visit.run("document.getElementById('state').value") == "held"


def test_a_row_opens_with_mouse_and_keyboard(visit: Tab) -> None:
    opened = "getComputedStyle(document.querySelector('#p-jinja2 .more')).display"
    state = "document.querySelector('#p-jinja2 .toggle').getAttribute('aria-expanded')"
    assert visit.run(opened) == "none" and visit.run(state) == "false"
    visit.click("#p-jinja2 .toggle")
    assert visit.run(opened) == "table-row" and visit.run(state) == "true"
    visit.press("Enter", 13)  # the button has the focus
    assert visit.run(opened) == "none" and visit.run(state) == "false"
    visit.click("#p-jinja2 a.name")
    assert visit.run(opened) == "table-row"


def test_a_deep_link_opens_its_row(visit: Tab, pages: Path) -> None:
    visit.open((pages / "small.html").as_uri() + "#p-jinja2")
    assert visit.run("document.getElementById('p-jinja2').classList.contains('open')")
    visit.open((pages / "small.html").as_uri() + "#show-%E0%A4%A")
    assert len(visit.run(SHOWN)) == 5


def test_without_its_script_everything_can_be_read(visit: Tab, pages: Path) -> None:
    visit.call("Emulation.setScriptExecutionDisabled", value=True)
    visit.open((pages / "small.html").as_uri() + "#p-jinja2")
    look = (
        "(id => [...document.querySelectorAll('#ledgers tbody')].filter(row => getComputedStyle(row).display !== 'none').length"
        " + getComputedStyle(document.querySelector('#p-jinja2 .more')).display)()"
    )
    assert visit.run(look) == "5table-row"
    visit.open((pages / "small.html").as_uri() + "#show-held")
    assert visit.run(look).startswith("3")
    assert visit.run("getComputedStyle(document.getElementById('filters')).display") == "none"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_the_window(visit: Tab, pages: Path, width: int, dark: bool) -> None:
    for name in ("small", "hostile", "plan", "upgrade"):
        visit.look(width=width, dark=dark)
        visit.open((pages / f"{name}.html").as_uri())
        assert visit.run("document.documentElement.scrollWidth") <= width


def test_hostile_names_are_text(visit: Tab, pages: Path) -> None:
    visit.open((pages / "hostile.html").as_uri())
    assert visit.run("document.scripts.length") == 1
    assert visit.run("document.querySelectorAll('img, iframe, object, embed, base, a[href^=javascript]').length") == 0
    text = visit.run("document.body.textContent")
    assert "<script>alert(1)</script>" in text and "\\u202egnp.exe" in text and "]]>&amp;" in text and "\\x1b[31mred" in text
    visit.click("#ledgers thead th:first-child button")
    visit.click("#ledgers tbody .toggle")


def test_500_packages_open_within_a_second(visit: Tab, pages: Path) -> None:
    visit.open((pages / "large.html").as_uri())
    took = visit.run("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert took < (1000 if not os.environ.get("CI") else 3000)
    visit.click("#search")
    visit.type("package-499")
    assert "p-package-499" in visit.run(SHOWN) and len(visit.run(SHOWN)) <= 3


@pytest.mark.parametrize("name", NAMES)
def test_the_reports_of_the_samples_open(visit: Tab, name: str, tmp_path: Path) -> None:
    folder = copy(name, tmp_path)
    made = steadypin("audit", ".", "--no-env", "--offline", "-o", tmp_path / "report.html", cwd=folder, home=tmp_path / "home")
    assert made.code in (0, 1), made.err
    visit.open((tmp_path / "report.html").as_uri())
    assert visit.run("document.querySelectorAll('#ledgers tbody').length") > 0
    assert visit.run("document.querySelector('#gaps li') !== null")  # offline: nothing was asked, and it is said


def axe() -> Path | None:
    """axe-core, where it was installed (`npm install axe-core` in the clone, or AXE_CORE names its folder)."""
    folder = Path(os.environ.get("AXE_CORE") or Path(__file__).parents[2] / "node_modules" / "axe-core")
    return folder / "axe.min.js" if (folder / "axe.min.js").is_file() else None


@pytest.mark.skipif(axe() is None, reason="needs axe-core")
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["small", "hostile", "plan", "upgrade"])
def test_axe_finds_nothing_serious(visit: Tab, pages: Path, name: str, dark: bool) -> None:
    script = axe()
    assert script is not None
    visit.look(dark=dark)
    visit.open((pages / f"{name}.html").as_uri())
    visit.run("document.querySelectorAll('.toggle').forEach(button => button.click())")
    visit.run("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    visit.run(script.read_text("utf-8") + "; 0")
    found = visit.run("axe.run().then(result => result.violations.map(v => v.impact + ' ' + v.id + ' ' + v.nodes[0].html))")
    assert [line for line in found if line.startswith(("serious", "critical"))] == []
