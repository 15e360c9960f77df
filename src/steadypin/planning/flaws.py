"""Which flaws a version has, and which releases have fewer of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from steadypin.model import parse
from steadypin.model.advisory import AdvisoryMatch
from steadypin.model.facts import Facts
from steadypin.planning.bounds import higher, same
from steadypin.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaws:
    """The flaws of what stands here (`known`, by name, each once), and the ids that reach each release on offer (`rows`, by
    name and canonical version). `complete` says whether `rows` cover all that is on offer; where they do not, a flaw is taken
    to be gone from its first fixed version on, unless a row says that it is not. `new` are the names of `rows` of which nothing
    stands here.
    """

    known: Mapping[str, tuple[AdvisoryMatch, ...]] = field(default_factory=dict)
    rows: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    complete: bool = False
    new: frozenset[str] = frozenset()

    def at(self, name: str, version: str | None) -> tuple[AdvisoryMatch, ...]:
        """The known flaws that a version has; none where the package is absent."""
        return tuple(flaw for flaw in self.known.get(name, ()) if version is not None and self._reaches(flaw, version))

    def ills(self, name: str, version: str | None) -> tuple[str, ...]:
        """Ids of what a version is to be cured of: the known flaws, and all of what nothing here has yet."""
        if name not in self.new:
            return tuple(flaw.primary for flaw in self.at(name, version))
        return self.named(name, version)

    def count(self, name: str, version: str) -> int:
        """How many flaws a version has; what is not among the known ones counts as one more."""
        ids = self.rows.get((name, _canonical(version)), frozenset())
        accounted = frozenset[str]().union(*(_ids(flaw) for flaw in self.at(name, version)))
        return len(self.at(name, version)) + bool(ids - accounted)

    def new_at(self, name: str, version: str, *, than: str) -> tuple[str, ...]:
        """Ids of flaws that a version has and another has not; () where it has no more of them."""
        if self.count(name, version) <= self.count(name, than):
            return ()
        before = frozenset[str]().union(*(_ids(flaw) for flaw in self.at(name, than)))
        return tuple(sorted(self.rows.get((name, _canonical(version)), frozenset()) - before, key=_plain))

    def named(self, name: str, version: str | None) -> tuple[str, ...]:
        """What a version's flaws are called: the primary ids of the known ones; of the others, the ids that rank highest."""
        if version is None:
            return ()
        here = self.at(name, version)
        accounted = frozenset[str]().union(*(_ids(flaw) for flaw in here))
        others = self.rows.get((name, _canonical(version)), frozenset()) - accounted
        best = min((_database(known) for known in others), default=0)
        return (*(flaw.primary for flaw in here), *sorted(known for known in others if _database(known) == best))

    def versions(self) -> Mapping[str, tuple[str, ...]]:
        """The releases with flaws by name."""
        found: dict[str, list[str]] = {}
        for name, version in sorted(self.rows):
            found.setdefault(name, []).append(version)
        return {name: tuple(versions) for name, versions in found.items()}

    def _reaches(self, flaw: AdvisoryMatch, version: str) -> bool:
        if same(flaw.version, version) or _ids(flaw) & self.rows.get((flaw.name, _canonical(version)), frozenset()):
            return True
        if self.complete and not higher(flaw.version, version):  # the rows begin at what stands here
            return False
        return not flaw.fixed_in or higher(flaw.fixed_in[0], version)


def flaws_of(facts: Facts) -> Flaws:
    """What the facts know."""
    known: dict[str, dict[str, AdvisoryMatch]] = {}
    for match in facts.advisories:
        known.setdefault(match.name, {}).setdefault(match.primary, match)
    rows: dict[tuple[str, str], frozenset[str]] = {}
    for row in facts.unsafe:
        key = (row.name, _canonical(row.version))
        rows[key] = rows.get(key, frozenset()).union(row.ids)
    here = {package.name for package in facts.locked} | {package.name for package in facts.installed}
    return Flaws(
        known={name: tuple(matches.values()) for name, matches in sorted(known.items())},
        rows=rows,
        complete=bool(facts.unsafe) and not facts.unsafe_in_part,
        new=frozenset(name for name, _ in rows) - here,
    )


def _ids(flaw: AdvisoryMatch) -> frozenset[str]:
    return frozenset((flaw.primary, *flaw.ids, *flaw.records))


def _plain(text: str) -> tuple[int, str]:
    return _database(text), text


def _database(text: str) -> int:
    return next((place for place, prefix in enumerate(("MAL-", "PYSEC-", "GHSA-")) if text.startswith(prefix)), 3)


def _canonical(version: str) -> str:
    parsed = parse.version(version)
    return version if parsed is None else parsed.public


def worse(flaws: Flaws, name: str, versions: Iterator[str], than: int) -> Iterator[str]:
    """Constraints that leave out the versions with more than so many flaws."""
    return (f"{name}!={version}" for version in versions if flaws.count(name, version) > than)
