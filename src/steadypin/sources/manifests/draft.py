"""What a manifest reader collects while it reads, and turns into one `SourceFile` at the end."""

from __future__ import annotations

from functools import lru_cache

from steadypin.model import parse
from steadypin.model.declared import DeclaredRequirement
from steadypin.model.location import Location, Problem
from steadypin.model.locked import Include, LockedPackage, Origin, SourceFile
from steadypin.sources.lockfiles.parts import readable_requirement
from steadypin.sources.lockfiles.references import Reference, exact_version, url_origin
from steadypin.text import printable, redact
from steadypin.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What the entries of one table have in common: see `DeclaredRequirement` for the words."""

    kind: str = "requirement"
    group: str | None = None
    extra: str | None = None


RUNTIME = Where()


@dataclass(slots=True)
class Draft:
    """The entries and problems of one file so far."""

    path: str
    declared: list[DeclaredRequirement] = field(default_factory=list)
    packages: list[LockedPackage] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    index_urls: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, message: str, location: Location, *, unknown: bool = False) -> None:
        """Something that could not be used; the message is made printable and free of credentials here."""
        self.problems.append(Problem(message=printable(redact(message)), location=location, unknown=unknown))

    def include(self, kind: str, path: str, location: Location) -> None:
        self.includes.append(Include(kind=kind, path=redact(path), location=location))

    def index(self, url: object) -> None:
        if isinstance(url, str) and redact(url) not in self.index_urls:
            self.index_urls.append(redact(url))

    def add(
        self,
        text: str,
        location: Location,
        where: Where = RUNTIME,
        *,
        written: str | None = None,
        origin: Origin | None = None,
        editable: bool = False,
    ) -> None:
        """One PEP 508 requirement; `written` is the file's own text where that differs, `origin` where it comes from."""
        wish = _wish(text.strip())
        if wish is None:
            self.problem(f"not a valid requirement (PEP 508): {written or text}", location)
            return
        self.declared.append(
            DeclaredRequirement(
                name=wish.name,
                requirement=wish.text,
                location=location,
                text=wish.text if written is None else redact(written),
                kind=where.kind,
                group=where.group,
                extra=where.extra,
                editable=editable,
            )
        )
        self.packages.append(_package(wish, location, where, origin or wish.origin, editable))

    def add_place(self, reference: Reference, location: Location, where: Where, *, written: str) -> None:
        """A path or URL that stands where a requirement could; it may say whose name it has."""
        if reference.name is not None and reference.requirement is not None:
            editable = reference.kind == "editable"
            self.add(reference.requirement, location, where, written=written, origin=reference.origin, editable=editable)
            return
        self.packages.append(
            LockedPackage(
                name=parse.normalise(reference.name) if reference.name else None,
                version=None,
                kind=reference.kind,
                location=location,
                marker=reference.marker,
                groups=_groups(where),
                extras=reference.extras or None,
                origin=reference.origin,
            )
        )

    def finish(self, format: str, *, project_name: str | None = None, requires_python: str | None = None) -> SourceFile:
        """The file, sorted: packages by name, version and place; the rest in the order of the file."""
        return SourceFile(
            path=self.path,
            format=format,
            role="manifest",
            packages=tuple(sorted(self.packages, key=_package_key)),
            declared=tuple(sorted(self.declared, key=_declared_key)),
            includes=tuple(self.includes),
            index_urls=tuple(self.index_urls),
            problems=tuple(self.problems),
            project_name=project_name,
            requires_python=requires_python,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What one requirement text says. `text` is as written, `canonical` as `packaging` writes it; both without credentials."""

    name: str
    raw_name: str
    version: str | None
    marker: str | None
    extras: tuple[str, ...] | None
    origin: Origin | None
    text: str
    canonical: str


@lru_cache(maxsize=8192)
def _wish(text: str) -> _Wish | None:
    """The requirement, None where it is not one. The same texts come again in every group and extra."""
    parsed = parse.requirement(text) if readable_requirement(text) else None
    if parsed is None:
        return None
    return _Wish(
        name=parse.normalise(parsed.name),
        raw_name=parsed.name,
        version=exact_version(parsed),
        marker=str(parsed.marker) if parsed.marker else None,
        extras=tuple(sorted(parsed.extras)) or None,
        origin=url_origin(parsed.url) if parsed.url else None,
        text=redact(text),
        canonical=redact(str(parsed)),
    )


def _package(wish: _Wish, location: Location, where: Where, origin: Origin | None, editable: bool) -> LockedPackage:
    return LockedPackage(
        name=wish.name,
        version=wish.version,
        kind="editable" if editable else origin.kind if origin else "index",
        location=location,
        raw_name=wish.raw_name if wish.raw_name != wish.name else None,
        marker=wish.marker,
        groups=_groups(where),
        extras=wish.extras,
        origin=origin,
        requirement=wish.canonical,
    )


def _groups(where: Where) -> tuple[str, ...] | None:
    word = where.group or where.extra
    return (word,) if word else None


def _package_key(package: LockedPackage) -> tuple[object, ...]:
    place = package.location
    return (package.name or "", package.version or "", package.kind, place.line or 0, place.column or 0, place.key)


def _declared_key(entry: DeclaredRequirement) -> tuple[int, int]:
    return (entry.location.line or 0, entry.location.column or 0)
