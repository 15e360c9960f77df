"""The laws of `planning.resolver.Resolver`, held against every member: uv, pip-tools, a recording of real answers, and the small
universe that the unit tests of planning use.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from steadypin.errors import ResolverError
from steadypin.model.resolution import Question, Resolution
from steadypin.planning.resolver import Resolver
from steadypin.resolution import recorded
from steadypin.resolution.cached import Cached
from steadypin.resolution.piptools import PipTools, find_piptools
from steadypin.resolution.uv import Uv, find_uv
from tests.support.index_server import Rel, TestIndex
from tests.support.universe import Universe

WORLD = {
    "web": {"1.0": ["click>=7"], "1.1": ["click>=7"], "2.0": ["click>=8"]},
    "click": {"7.0": [], "7.1": [], "8.0": [], "8.1": []},
    "old": {"1.0": ["click<8"]},
    "core": {"1.0": [], "2.0": []},
    "model": {"1.0": ["core==1.0"], "2.0": ["core==2.0"]},
}
PYTHON = ".".join(map(str, sys.version_info[:3]))
MEMBERS = ("uv", "pip-tools", "recorded uv", "cached uv", "universe")


@pytest.fixture(scope="module")
def index() -> Iterator[TestIndex]:
    packages = {name: [Rel(version, requires=requires) for version, requires in rows.items()] for name, rows in WORLD.items()}
    packages["yanked"] = [Rel("1.0"), Rel("1.1", yanked="broken")]
    packages["python-capped"] = [Rel("1.0"), Rel("2.0", requires_python=">=9")]
    packages["local"] = [Rel("1.0"), Rel("2.0+cpu")]
    with TestIndex(packages) as served:
        yield served


@pytest.fixture(params=MEMBERS)
def member(request: pytest.FixtureRequest, index: TestIndex, tmp_path: Path) -> Resolver:
    name = request.param
    if name == "universe":
        return Universe(WORLD)
    if name == "pip-tools":
        return Asked(find_piptools(interpreters=(sys.executable,)), index)
    uv = Asked(_uv(tmp_path), index)
    if name == "recorded uv":
        return Replayed(uv)
    return Cached(solver=uv, folder=tmp_path / "answers", context="facts") if name == "cached uv" else uv


def _uv(tmp_path: Path) -> Uv:
    found = find_uv(folder=tmp_path)
    if found is None:
        pytest.skip("uv is not there")
    return replace(found, cache_dir=tmp_path / "uv-cache")


class Asked:
    """A tool that is told of the test's index."""

    def __init__(self, tool: Uv | PipTools, index: TestIndex) -> None:
        self.tool, self.index = tool, index

    @property
    def name(self) -> str:
        return self.tool.name

    def resolve(self, question: Question) -> Resolution:
        return self.tool.resolve(replace(question, options=("--index-url", self.index.url, *question.options)))


class Replayed:
    """Records a real answer, writes it as text, and gives what the text says."""

    def __init__(self, solver: Asked) -> None:
        self.solver = solver

    @property
    def name(self) -> str:
        return self.solver.name

    def resolve(self, question: Question) -> Resolution:
        recorder = recorded.Recorder(solver=self.solver)
        first = recorder.resolve(question)
        replaying = recorded.load(recorded.save(recorder.recording), path="recording.json")
        assert replaying.name == self.solver.name
        assert replaying.resolve(question) == first
        return replaying.resolve(question)


def ask(member: Resolver, *requirements: str, **parts: object) -> Resolution:
    return member.resolve(Question(requirements=requirements, python=PYTHON, **parts))  # type: ignore[arg-type]


def test_the_answer_is_complete_and_says_who_asked(member: Resolver) -> None:
    answer = ask(member, "web")
    assert answer.solved
    assert answer.versions == {"web": "2.0", "click": "8.1"}
    assert {package.name: package.via for package in answer.packages} == {"web": ("",), "click": ("web",)}
    assert answer.resolver == member.name


def test_what_is_absent_is_brought_by_nobody(member: Resolver) -> None:
    assert ask(member, "model", "web", absent=("core",)).versions == {"click": "8.1", "model": "2.0", "web": "2.0"}


def test_requirements_and_constraints_hold(member: Resolver) -> None:
    assert ask(member, "web<2", constraints=("click<8",)).versions == {"web": "1.1", "click": "7.1"}


def test_a_pin_that_may_stay_stays(member: Resolver) -> None:
    pins = (("click", "7.0"), ("web", "1.0"))
    assert ask(member, "web", pins=pins).versions == dict(pins)


def test_a_pin_that_cannot_stay_moves(member: Resolver) -> None:
    answer = ask(member, "web", constraints=("web==2.0",), pins=(("click", "7.0"), ("web", "1.0")))
    assert answer.versions == {"click": "8.1", "web": "2.0"}


def test_what_is_set_free_is_raised_and_the_rest_stays(member: Resolver) -> None:
    answer = ask(member, "web", pins=(("click", "7.0"), ("web", "1.0")), upgrade=("web",), constraints=("web<2",))
    assert answer.versions == {"click": "7.0", "web": "1.1"}


def test_everything_free(member: Resolver) -> None:
    answer = ask(member, "web", pins=(("click", "7.0"), ("web", "1.0")), upgrade=None)
    assert answer.versions == {"click": "8.1", "web": "2.0"}


def test_a_conflict_names_who_demands_what(member: Resolver) -> None:
    answer = ask(member, "old", "click>=8")
    assert not answer.solved and not answer.packages
    assert ("click", "old", "click<8") in {(c.name, c.by.split("==")[0], c.requirement) for c in answer.conflicts}


def test_a_version_that_nobody_offers_is_a_conflict(member: Resolver) -> None:
    answer = ask(member, "click==99")
    assert not answer.solved
    assert any(c.name == "click" for c in answer.conflicts)


def test_a_name_that_nobody_knows_is_a_conflict(member: Resolver) -> None:
    answer = ask(member, "nobody-knows-this")
    assert not answer.solved
    assert any(c.name == "nobody-knows-this" for c in answer.conflicts)


def test_the_same_question_has_the_same_answer(member: Resolver) -> None:
    assert ask(member, "model", "web") == ask(member, "model", "web")


@pytest.mark.parametrize("member", ["uv", "pip-tools"], indirect=True)
class TestTools:
    """What only real tools can show."""

    def test_hashes(self, member: Resolver) -> None:
        answer = ask(member, "core", hashes=True)
        assert all(hash.startswith("sha256:") and len(hash) == 71 for package in answer.packages for hash in package.hashes)
        assert answer.packages[0].hashes

    def test_yanked_is_not_taken_but_a_pin_on_it_may_stay(self, member: Resolver) -> None:
        assert ask(member, "yanked").versions == {"yanked": "1.0"}

    def test_python_is_respected(self, member: Resolver) -> None:
        assert ask(member, "python-capped").versions == {"python-capped": "1.0"}
        assert not ask(member, "python-capped>=2").solved

    def test_an_index_that_does_not_answer_is_an_error_and_no_conflict(self, member: Asked) -> None:
        question = Question(requirements=("core",), python=PYTHON, options=("--index-url", "http://127.0.0.1:9/simple"))
        once = (("UV_HTTP_RETRIES", "0"), ("PIP_RETRIES", "1"))
        with pytest.raises(ResolverError):
            replace(member.tool, timeout=20.0, variables=once).resolve(question)

    def test_a_time_limit_ends_it(self, member: Asked) -> None:
        with pytest.raises(ResolverError, match="no answer after"):
            replace(member.tool, timeout=0.01).resolve(Question(requirements=("core",), python=PYTHON))

    def test_options_cannot_be_smuggled_in(self, member: Asked) -> None:
        for text in ("--index-url=http://127.0.0.1/", "core\n-e .", "-r /etc/passwd"):
            with pytest.raises(ResolverError, match="not a requirement"):
                member.tool.resolve(Question(requirements=(text,), python=PYTHON))


def test_uv_tells_what_it_saw(index: TestIndex, tmp_path: Path) -> None:
    answer = ask(Asked(_uv(tmp_path), index), "model")
    assert [(r.by, r.version, r.name, r.specifier) for r in answer.requires] == [("model", "2.0", "core", "==2.0")]


def test_uv_takes_local_versions(index: TestIndex, tmp_path: Path) -> None:
    member = Asked(_uv(tmp_path), index)
    assert ask(member, "local", constraints=("local>=2.0",)).versions == {"local": "2.0+cpu"}
    assert ask(member, "local", constraints=("local==2.0+cpu",)).versions == {"local": "2.0+cpu"}


def test_pip_tools_does_not_answer_for_another_platform(index: TestIndex) -> None:
    tool = find_piptools(interpreters=(sys.executable,))
    with pytest.raises(ResolverError, match="platform"):
        tool.resolve(Question(requirements=("core",), python=PYTHON, platform="windows_arm64"))


def test_pip_tools_does_not_answer_for_another_python(index: TestIndex) -> None:
    tool = find_piptools(interpreters=(sys.executable,))
    with pytest.raises(ResolverError, match=r"no Python 9\.9"):
        tool.resolve(Question(requirements=("core",), python="9.9.0"))


def test_the_users_pip_configuration_does_not_reach_the_tools(
    index: TestIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("core<2\n", encoding="utf-8")
    (tmp_path / "pip.conf").write_text(
        f"[global]\nconstraint = {constraints}\nindex-url = http://127.0.0.1:9/\n", encoding="utf-8"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_CONSTRAINT", str(constraints))
    tool = Asked(find_piptools(interpreters=(sys.executable,)), index)
    assert ask(tool, "core").versions == {"core": "2.0"}


def test_a_recording_answers_nothing_else(index: TestIndex, tmp_path: Path) -> None:
    replaying = recorded.Recorded(recording=recorded.Recording(resolver="uv 1"))
    with pytest.raises(ResolverError, match="not recorded"):
        ask(replaying, "core")


def test_kept_answers_are_per_state_of_the_indexes_and_survive_nonsense(tmp_path: Path) -> None:
    world = Universe(WORLD)
    one = Cached(solver=world, folder=tmp_path, context="monday")
    first, again = ask(one, "web"), ask(one, "web")
    assert first == again and len(world.asked) == 1
    ask(replace(one, context="tuesday"), "web")
    assert len(world.asked) == 2
    for file in tmp_path.iterdir():
        file.write_text("{", encoding="utf-8")
    assert ask(one, "web") == first and len(world.asked) == 3
