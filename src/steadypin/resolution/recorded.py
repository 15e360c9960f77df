"""Real answers, recorded and replayed: a resolver for tests, for bug reports and for plans that must not move."""

from __future__ import annotations

from typing import Protocol

from steadypin import codec
from steadypin.errors import ResolverError
from steadypin.model.resolution import Question, Resolution
from steadypin.values import dataclass, field

_KIND = "resolutions"


class Solver(Protocol):
    """Whoever answers while it is recorded."""

    @property
    def name(self) -> str: ...

    def resolve(self, question: Question) -> Resolution: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Answers by question. `resolver` is the name of the one that gave them."""

    resolver: str
    answers: tuple[tuple[Question, Resolution], ...] = ()


@dataclass(slots=True, kw_only=True)
class Recorder:
    """Passes questions on and keeps the answers."""

    solver: Solver
    answers: list[tuple[Question, Resolution]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.solver.name

    def resolve(self, question: Question) -> Resolution:
        """The solver's answer. Raises what it raises."""
        resolution = self.solver.resolve(question)
        self.answers.append((question, resolution))
        return resolution

    @property
    def recording(self) -> Recording:
        """What was asked until now, each question once."""
        return Recording(resolver=self.name, answers=tuple(dict(self.answers).items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Answers what was recorded, and nothing else."""

    recording: Recording

    @property
    def name(self) -> str:
        return self.recording.resolver

    def resolve(self, question: Question) -> Resolution:
        """The recorded answer. Raises ResolverError for a question that was not recorded."""
        for asked, answer in self.recording.answers:
            if asked == question:
                return answer
        raise ResolverError("a question that was not recorded", hint="record the answers again")


def save(recording: Recording) -> str:
    """The text of a recording."""
    return codec.encode(recording, kind=_KIND)


def load(text: str, *, path: str) -> Recorded:
    """A recording as a resolver. Raises StaleInput."""
    return Recorded(recording=codec.decode(text, Recording, kind=_KIND, path=path))
