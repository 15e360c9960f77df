"""What every package index must be to us, whether it speaks JSON or HTML."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from steadypin.errors import NetworkError
from steadypin.index.client import Answers, IndexClient
from steadypin.index.routing import Routing
from steadypin.model.released import Project
from steadypin.transport.auth import take_login
from steadypin.transport.cache import Cache
from steadypin.transport.session import MEGABYTE, Manners
from tests.support.index_server import (
    Closed,
    CutJson,
    Drip,
    Fails,
    Fault,
    Huge,
    NeedsLogin,
    Proj,
    RedirectLoop,
    RedirectsTo,
    Rel,
    Says,
    Slow,
    TestIndex,
    Truncated,
)

QUICK = Manners(
    connect_timeout=1,
    read_timeout=0.5,
    deadline=1.5,
    retries=1,
    backoff=0.02,
    connections=8,
    wire_limit=8 * MEGABYTE,
    body_limit=32 * MEGABYTE,
)

WORLD = {
    "Demo.App": [
        Rel("1.10", uploaded="2024-03-01T10:00:00.123456Z", requires_python=">=3.8", sdist=True),
        Rel("1.9", uploaded="2024-02-01T10:00:00Z", yanked="broken | on <Windows>"),
        Rel("2.0rc1", uploaded="2024-04-01T10:00:00Z", requires=["dep-x>=1", "extra-thing; extra == 'more'"], extras=["more"]),
    ],
    "dep-x": [Rel("1.0", tags=["py3-none-any", "cp312-cp312-manylinux_2_17_x86_64"], metadata=False), Rel("1.1", yanked=True)],
    "old-one": Proj([Rel("0.1")], status="archived", reason="see new-one"),
    "empty": [],
}


@pytest.fixture(params=["json", "html"])
def index(request: pytest.FixtureRequest) -> Iterator[TestIndex]:
    with TestIndex(WORLD, kinds=[request.param]) as served:
        yield served


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def routing(*urls: str, manners: Manners = QUICK, find_links: tuple[str, ...] = ()) -> Routing:
    taken = [take_login(url) for url in urls]
    return Routing(
        indexes=tuple(url for url, _ in taken),
        logins=tuple(login for _, login in taken if login),
        find_links=find_links,
        manners=manners,
    )


def ask(index: TestIndex, *names: str, cache: Cache | None = None, offline: bool = False, refresh: bool = False) -> Answers:
    with IndexClient(routing(index.url), cache=cache, offline=offline, refresh=refresh) as client:
        return client.ask(names)


def one(answers: Answers) -> Project:
    assert answers.gaps == ()
    (project,) = answers.projects
    return project


# What is read -----------------------------------------------------------------------------------------------------------------


def test_releases_ascend_and_carry_what_the_page_says(index: TestIndex) -> None:
    project = one(ask(index, "demo_app"))
    timed = index.kinds == ("json",)
    assert (project.name, project.index, project.status) == ("demo-app", index.url, "active")
    assert [release.version for release in project.releases] == ["1.9", "1.10", "2.0rc1"]
    assert [release.yanked for release in project.releases] == ["broken | on <Windows>", None, None]
    assert [release.requires_python for release in project.releases] == [None, ">=3.8", None]
    assert [release.sdist for release in project.releases] == [False, True, False]
    assert project.releases[1].wheels == ("demo_app-*-py3-none-any.whl",)
    assert project.releases[1].published == ("2024-03-01T10:00:00Z" if timed else None)


def test_status_of_a_project(index: TestIndex) -> None:
    project = one(ask(index, "old-one"))
    assert (project.status, project.status_reason) == ("archived", "see new-one")


def test_yanked_without_a_reason_is_yanked(index: TestIndex) -> None:
    assert [release.yanked for release in one(ask(index, "dep-x")).releases] == [None, ""]


def test_several_wheels_of_one_release(index: TestIndex) -> None:
    release = one(ask(index, "dep-x")).releases[0]
    assert release.wheels == ("dep_x-*-py3-none-any.whl", "dep_x-*-cp312-cp312-manylinux_2_17_x86_64.whl")


def test_a_project_without_files_is_known(index: TestIndex) -> None:
    assert one(ask(index, "empty")).releases == ()


def test_a_name_that_the_index_does_not_know_is_unknown_and_no_gap(index: TestIndex) -> None:
    answers = ask(index, "Never.Heard", "dep-x")
    assert answers.unknown == ("never-heard",)
    assert [project.name for project in answers.projects] == ["dep-x"]
    assert answers.gaps == ()


@pytest.mark.parametrize(
    "name", ["../../files", "a/../b", "a?b", "a#b", "", ".", "%2e%2e", "a b", "a\n", "\x1b[2J", "x" * 300, "ü"]
)
def test_what_cannot_be_a_name_is_a_gap_and_never_a_request(index: TestIndex, name: str) -> None:
    answers = ask(index, name, "dep-x")
    assert [gap.reason for gap in answers.gaps] == ["bad-name"]
    assert len(answers.projects) == 1
    assert set(index.counts) == {"/simple/dep-x/"}
    assert "\x1b" not in repr(answers.gaps)


def test_spellings_of_a_name_are_one_question(index: TestIndex) -> None:
    assert ask(index, "demo.app", "Demo_App", "demo-app").requests == 1


def test_progress_reaches_the_end(index: TestIndex, cache: Cache) -> None:
    ask(index, "dep-x", cache=cache)
    seen: list[tuple[int, int]] = []
    with IndexClient(routing(index.url), cache=cache) as client:
        client.ask(["dep-x", "demo-app", "old-one"], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_files_have_hashes_and_absolute_addresses(index: TestIndex) -> None:
    with IndexClient(routing(index.url)) as client:
        files = client.files("Demo.App", "1.10.0")
        assert client.files("never-heard") == ()
        assert len(client.files("demo-app")) == 4
    assert [file.filename for file in files] == ["demo_app-1.10-py3-none-any.whl", "demo_app-1.10.tar.gz"]
    known = index.files["demo-app"]
    assert [file.hashes for file in files] == [(f"sha256:{known[file.filename].sha256}",) for file in files]
    assert all(file.url == f"{index.root}/files/demo-app/{file.filename}" for file in files)
    assert [file.metadata for file in files] == [True, False]


@pytest.mark.parametrize("ranges", [True, False])
def test_metadata_apart_or_from_within_the_wheel(index: TestIndex, cache: Cache, ranges: bool) -> None:
    index.ranges = ranges
    index.add(
        "inside", [Rel("1", requires=["a>=1", "b"], requires_python=">=3.9", metadata=False, files={"big.bin": b"\0" * 99})]
    )
    with IndexClient(routing(index.url), cache=cache) as client:
        apart = client.metadata("demo-app", "2.0rc1")
        inside = client.metadata("inside", "1")
        before = index.total
        assert client.metadata("inside", "1") == inside
        assert index.total == before
    assert apart.requires_dist == ("dep-x>=1", "extra-thing; extra == 'more'")
    assert apart.extras == ("more",)
    assert (inside.requires_dist, inside.requires_python) == (("a>=1", "b"), ">=3.9")
    assert index.counts["/files/demo-app/demo_app-2.0rc1-py3-none-any.whl"] == 0


def test_metadata_of_a_release_without_wheels_is_an_error_that_says_so(index: TestIndex) -> None:
    index.add("source-only", [Rel("1", tags=(), sdist=True)])
    with IndexClient(routing(index.url)) as client, pytest.raises(NetworkError) as caught:
        client.metadata("source-only", "1")
    assert caught.value.reason == "no-metadata"


# Several places ---------------------------------------------------------------------------------------------------------------


def test_indexes_are_merged_per_name(index: TestIndex) -> None:
    more = {
        "dep-x": [Rel("1.0.0", tags=["py2-none-any"], uploaded="2020-01-01T00:00:00Z"), Rel("1.1"), Rel("9.0")],
        "only-here": [],
    }
    with TestIndex(more) as other, IndexClient(routing(index.url, other.url)) as client:
        answers = client.ask(["dep-x", "only-here", "nowhere"])
    project = answers.projects[0]
    assert [release.version for release in project.releases] == ["1.0", "1.1", "9.0"]
    assert len(project.releases[0].wheels) == 3
    assert project.releases[0].published == "2020-01-01T00:00:00Z"
    assert project.releases[1].yanked is None
    assert answers.unknown == ("nowhere",)
    assert [project.name for project in answers.projects] == ["dep-x", "only-here"]


def test_a_name_is_unknown_only_when_every_index_says_so(index: TestIndex) -> None:
    with TestIndex({}) as other, IndexClient(routing(index.url, other.url)) as client:
        other.faults["nowhere"] = other.faults["dep-x"] = Fails(500)
        answers = client.ask(["nowhere", "dep-x"])
    assert answers.unknown == ()
    assert [(gap.subject, gap.reason) for gap in answers.gaps] == [("dep-x", "http-500"), ("nowhere", "http-500")]
    assert [project.name for project in answers.projects] == ["dep-x"]


def test_file_indexes_and_find_links(index: TestIndex, tmp_path: Path) -> None:
    page = tmp_path / "simple" / "dep-x" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text('<a href="../../files/dep_x-3.0-py3-none-any.whl#sha256=ab">x</a>')
    links = tmp_path / "links"
    links.mkdir()
    for name in ("dep_x-4.0-py3-none-any.whl", "dep-x-4.1.tar.gz", "dep-x-tra-5.0.zip", "README"):
        (links / name).touch()
    places = routing(index.url, (tmp_path / "simple").as_uri(), find_links=(str(links), str(tmp_path / "not-there")))
    with IndexClient(places) as client:
        project = one(client.ask(["dep-x"]))
        files = client.files("dep-x", "4.0")
        assert client.ask(["demo-app", "nowhere"]).unknown == ("nowhere",)
    assert [release.version for release in project.releases] == ["1.0", "1.1", "3.0", "4.0", "4.1"]
    assert files[0].url == (links / "dep_x-4.0-py3-none-any.whl").as_uri()


def test_local_places_need_no_network_and_no_cache(tmp_path: Path) -> None:
    (tmp_path / "a_b-1.0-py3-none-any.whl").touch()
    with IndexClient(routing(find_links=(tmp_path.as_uri(),)), offline=True) as client:
        answers = client.ask(["a-b", "c"])
    assert ([project.name for project in answers.projects], answers.unknown, answers.requests) == (["a-b"], ("c",), 0)


# Cache ------------------------------------------------------------------------------------------------------------------------


def test_a_second_run_makes_no_request(index: TestIndex, cache: Cache) -> None:
    names = ("demo-app", "dep-x", "nowhere", "empty")
    first, second = ask(index, *names, cache=cache), ask(index, *names, cache=cache)
    assert (first.requests, second.requests) == (4, 0)
    assert replace(second, requests=4) == first


def test_stale_answers_are_revalidated_and_used_when_unchanged(index: TestIndex, cache: Cache) -> None:
    index.cache_control = "max-age=0"
    first = ask(index, "demo-app", cache=cache)
    index.cache_control = "max-age=600"
    assert ask(index, "demo-app", cache=cache) == first
    assert ask(index, "demo-app", cache=cache).requests == 0


def test_refresh_asks_again_and_sees_what_is_new(index: TestIndex, cache: Cache) -> None:
    ask(index, "dep-x", cache=cache)
    index.add("dep-x", [Rel("7.0")])
    assert [release.version for release in one(ask(index, "dep-x", cache=cache)).releases] == ["1.0", "1.1"]
    assert [release.version for release in one(ask(index, "dep-x", cache=cache, refresh=True)).releases] == ["7.0"]


def test_offline_takes_any_age_and_makes_gaps_of_the_rest(index: TestIndex, cache: Cache) -> None:
    index.cache_control = "no-cache"
    known = ask(index, "dep-x", "nowhere", cache=cache)
    before = index.total
    answers = ask(index, "dep-x", "nowhere", "demo-app", cache=cache, offline=True)
    assert (answers.projects, answers.unknown) == (known.projects, known.unknown)
    assert [(gap.subject, gap.stage, gap.reason) for gap in answers.gaps] == [("demo-app", "index", "offline")]
    assert index.total == before


def test_no_store_is_not_stored(index: TestIndex, cache: Cache) -> None:
    index.cache_control = "no-store"
    ask(index, "dep-x", cache=cache)
    assert ask(index, "dep-x", cache=cache).requests == 1
    assert not list(cache.folder.rglob("*.tmp"))


def test_corrupt_entries_are_misses(index: TestIndex, cache: Cache) -> None:
    expected = one(ask(index, "dep-x", cache=cache))
    (entry,) = [path for path in cache.folder.rglob("*") if path.is_file()]
    whole = entry.read_bytes()
    for broken in (b"", b"\xff\x00", whole[:-3], whole.replace(b"dep-x", b"dep-y"), b"{}\n", b"[" * 100_000, whole[20:]):
        entry.write_bytes(broken)
        answers = ask(index, "dep-x", cache=cache)
        assert (one(answers), answers.requests) == (expected, 1)


def test_a_cache_that_cannot_be_written_is_a_note_and_no_gap(index: TestIndex, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answers = ask(index, "dep-x", "demo-app", cache=Cache(tmp_path / "file" / "below"))
    assert len(answers.projects) == 2
    assert answers.gaps == ()
    assert len(answers.notes) == 1
    assert "working without it" in answers.notes[0]


def test_credentials_reach_the_index_and_nothing_else(index: TestIndex, cache: Cache) -> None:
    index.login = NeedsLogin("us%er", "p@ss/word")
    url = index.url.replace("http://", "http://us%25er:p%40ss%2Fword@")
    with IndexClient(routing(url), cache=cache) as client:
        answers = client.ask(["demo-app", "dep-x", "nowhere"])
        metadata = client.metadata("dep-x", "1.0")
    assert len(answers.projects) == 2
    assert metadata.requires_dist == ()
    everything = repr(answers) + repr(client.routing) + "".join(str(path) for path in cache.folder.rglob("*"))
    stored = b"".join(path.read_bytes() for path in cache.folder.rglob("*") if path.is_file())
    assert not any(secret in everything.encode() + stored for secret in (b"p@ss", b"p%40ss", b"us%"))
    with IndexClient(routing(index.url.replace("http://", "http://other:wr0ng@"))) as client:
        (gap,) = client.ask(["dep-x"]).gaps
    assert gap.reason == "http-401"
    assert "wr0ng" not in repr(gap)


def test_credentials_do_not_follow_a_redirect_to_another_server(index: TestIndex) -> None:
    index.login = NeedsLogin()
    with TestIndex(WORLD) as other:
        index.faults["dep-x"] = RedirectsTo(f"{other.url}/dep-x/")
        with IndexClient(routing(index.url.replace("//", "//user:s3cret@"))) as client:
            assert one(client.ask(["dep-x"])).releases
            assert client.files("dep-x")[0].url.startswith(other.root)
    assert index.logins
    assert other.logins == []


def test_connections_are_used_again(index: TestIndex, cache: Cache) -> None:
    names = [*(f"nowhere-{number}" for number in range(40)), "dep-x", "demo-app"]
    index.faults["demo-app"] = Fails(500, times=1)
    ask(index, *names, cache=cache)
    index.cache_control = "max-age=0"
    ask(index, *names, cache=cache, refresh=True)
    assert index.total > 80
    assert index.connections <= 2 * QUICK.connections


def test_no_index_at_all_is_a_gap_and_not_a_set_of_unknown_names() -> None:
    with IndexClient(routing()) as client:
        answers = client.ask(["flask"])
    assert (answers.unknown, [gap.reason for gap in answers.gaps]) == ((), ["no-index"])


# Faults -----------------------------------------------------------------------------------------------------------------------

BAD_JSON = b'{"meta": {"api-version": "1.0"}, "name": "demo-app", "files": []}'
FAULTS: dict[str, tuple[Fault, set[str]]] = {
    "slow": (Slow(30), {"timeout"}),
    "drip": (Drip(), {"timeout"}),
    "always 503": (Fails(503), {"http-503"}),
    "429, come back in an hour": (Fails(429, retry_after="3600"), {"http-429"}),
    "429, come back on a bad day": (Fails(429, retry_after="someday"), {"http-429"}),
    "forbidden": (Fails(403), {"http-403"}),
    "teapot": (Fails(418), {"http-418"}),
    "truncated": (Truncated(), {"truncated"}),
    "truncated JSON": (CutJson(), {"truncated"}),
    "redirect loop": (RedirectLoop(), {"redirects"}),
    "wrong content type": (Says(BAD_JSON, "application/octet-stream"), {"content-type"}),
    "no content type": (Says(BAD_JSON, ""), {"content-type"}),
    "HTML as JSON": (Says(b"<html><body>Log in, please</body></html>"), {"not-json"}),
    "JSON as HTML": (Says(BAD_JSON, "text/html"), {"not-html"}),
    "a login page": (Says(b"<html><a href='/login'>Log in</a></html>", "text/html"), {"no-files"}),
    "not UTF-8": (Says(b'{"name": "\xff\xfe"}'), {"not-json"}),
    "another name": (Says(BAD_JSON.replace(b"demo-app", b"evil\\u001b[31m")), {"wrong-name"}),
    "another API": (Says(BAD_JSON.replace(b"1.0", b"2.0")), {"api-version"}),
    "a list": (Says(b"[]"), {"not-json"}),
    "files are a number": (Says(b'{"files": 7}'), {"not-json"}),
    "deep": (Says(b'{"files": ' + b"[" * 200_000), {"not-json"}),
    "long number": (Says(b'{"files": [' + b"9" * 10_000 + b"]}"), {"not-json"}),
    "200 MB": (Huge(), {"too-large"}),
    "gzip bomb": (Huge(512 * MEGABYTE, compressed=True), {"too-large", "timeout"}),
    "closed": (Closed(), {"connection"}),
    "reset": (Closed(reset=True), {"connection"}),
    "login": (NeedsLogin(), {"http-401"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_a_gap_in_bounded_time_and_the_rest_stays(fault: str, cache: Cache) -> None:
    with TestIndex(WORLD) as index:
        index.faults["demo-app"], reasons = FAULTS[fault]
        began = time.monotonic()
        answers = ask(index, "demo-app", "dep-x", "old-one", cache=cache)
        assert time.monotonic() - began < 10
    assert [(gap.subject, gap.stage) for gap in answers.gaps] == [("demo-app", "index")]
    assert {gap.reason for gap in answers.gaps} <= reasons
    assert [project.name for project in answers.projects] == ["dep-x", "old-one"]
    assert answers.unknown == ()
    assert "\x1b" not in repr(answers)
    assert all("object at 0x" not in gap.detail and "127.0.0.1" in gap.detail for gap in answers.gaps)


@pytest.mark.parametrize(
    "fault", [Fails(500, times=1), Fails(429, times=1, retry_after="0"), Fails(503, times=1, retry_after=None)]
)
def test_a_passing_fault_is_retried(index: TestIndex, fault: Fault) -> None:
    index.faults["dep-x"] = fault
    assert one(ask(index, "dep-x")).releases


def test_an_older_answer_is_used_and_said_to_be_older(index: TestIndex, cache: Cache) -> None:
    index.cache_control = "max-age=0"
    known = ask(index, "dep-x", cache=cache)
    index.faults["dep-x"] = Fails(502)
    answers = ask(index, "dep-x", cache=cache)
    assert answers.projects == known.projects
    assert [gap.reason for gap in answers.gaps] == ["http-502"]
    assert "is used instead" in answers.gaps[0].detail


def test_an_index_that_is_gone_costs_little_time_whatever_the_number_of_names(index: TestIndex) -> None:
    url = index.url
    index.stop()
    began = time.monotonic()
    with IndexClient(routing(url)) as client:
        answers = client.ask(f"name-{number}" for number in range(400))
    assert time.monotonic() - began < 10
    assert len(answers.gaps) == 400
    assert answers.requests < 60


def test_an_index_that_says_nothing_costs_little_time_whatever_the_number_of_names() -> None:
    with TestIndex() as index:
        index.faults = {f"name-{number}": Slow() for number in range(200)}
        began = time.monotonic()
        answers = ask(index, *index.faults)
        assert time.monotonic() - began < 10
    assert {gap.reason for gap in answers.gaps} <= {"timeout", "connection"}


def test_an_index_that_is_overloaded_is_not_asked_for_ever() -> None:
    with TestIndex() as index:
        index.faults = {f"name-{number}": Fails(503, retry_after="0") for number in range(200)}
        answers = ask(index, *index.faults)
    assert {gap.reason for gap in answers.gaps} == {"http-503"}
    assert len(answers.gaps) == 200
    assert answers.requests < 100


def test_an_index_that_dies_in_the_middle_leaves_gaps(cache: Cache) -> None:
    with TestIndex({f"p{number}": [Rel("1")] for number in range(60)}) as index:
        seen = itertools.count()

        def stop_after_some(done: int, total: int) -> None:
            if next(seen) == 10:
                index.stop()

        with IndexClient(routing(index.url), cache=cache) as client:
            answers = client.ask(index.projects, progress=stop_after_some)
    assert len(answers.projects) >= 10
    assert len({p.name for p in answers.projects} | {gap.subject for gap in answers.gaps}) == 60


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/simple", "https://127.0.0.1:9/simple", "http://host.invalid/simple"])
def test_an_index_that_is_not_there(url: str) -> None:
    with IndexClient(routing(url)) as client:
        (gap,) = client.ask(["flask"]).gaps
    assert gap.reason in {"connection", "insecure"}


def test_plain_http_needs_a_trusted_host() -> None:
    with IndexClient(routing("http://index.example/simple")) as client:
        assert [gap.reason for gap in client.ask(["flask"]).gaps] == ["insecure"]


INTERRUPTED = """
    import sys
    from tests.support.index_server import Slow, TestIndex
    from tests.contracts.test_index_client import routing
    from steadypin.index.client import IndexClient
    from steadypin.transport.session import Manners

    with TestIndex() as index:
        index.faults = {f"name-{n}": Slow() for n in range(50)}
        client = IndexClient(routing(index.url, manners=Manners()))
        try:
            client.ask(index.faults, progress=lambda done, total: print("asked", flush=True))
        except KeyboardInterrupt:
            sys.exit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a signal cannot be sent to one process there")
def test_an_interrupt_ends_it_at_once() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(INTERRUPTED)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.2)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (130, b"")
    assert time.monotonic() - began < 5
