"""environment.yml of conda: a list of match specifications, with a nested list of pip's requirement lines.

Written by people, so an item that cannot be used is a problem and the rest is read. Conda packages are a ledger of their own;
only the pip part declares Python requirements.
"""

from __future__ import annotations

from collections.abc import Mapping

from steadypin.model.declared import DeclaredRequirement
from steadypin.model.location import Location
from steadypin.model.locked import Include, LockedPackage, Origin, SourceFile
from steadypin.model.parse import normalise
from steadypin.sources.lockfiles import yamltext
from steadypin.sources.lockfiles.conda_names import parse_spec
from steadypin.sources.lockfiles.document import Document, Table, kind_of, quoted, shaped
from steadypin.sources.lockfiles.parts import Draft, by_marker, report_duplicates
from steadypin.sources.lockfiles.requirements import read_line
from steadypin.text import printable, redact
from steadypin.values import replace


def read(data: bytes, path: str) -> SourceFile:
    """The environment's description. Raises SourceError where it is not YAML or `dependencies` is not a list."""
    with shaped(path):
        return _read(yamltext.load(data, path))


def _read(document: Document) -> SourceFile:
    root = document.root
    draft = Draft(path=document.path, format="environment", problems=document.problems)
    if "dependencies" not in root:
        draft.problem("no `dependencies`", draft.place("dependencies"))
    elif not isinstance(root.content["dependencies"], list):
        draft.problem(
            f"dependencies: expected a list, found {kind_of(root.content['dependencies'])}", draft.place("dependencies")
        )
    declared: list[DeclaredRequirement] = []
    includes: list[Include] = []
    index_urls: list[str] = []
    for index, (item, line, column) in enumerate(yamltext.items(root, "dependencies")):
        place = draft.place(f"dependencies[{index}]", line, column)
        if isinstance(item, str):
            _conda(item, place, draft)
        elif isinstance(item, Mapping):
            _nested(Table(item, place.key), place, draft, declared, includes, index_urls)
        else:
            draft.problem(f"expected a text or a table, found {kind_of(item)}", place)
    report_duplicates(draft, apart=by_marker)
    return draft.finish(
        role="both",
        declared=tuple(sorted(declared, key=lambda each: (each.name, each.location.line or 0))),
        includes=tuple(includes),
        index_urls=tuple(index_urls),
        project_name=root.text("name"),
    )


def _conda(text: str, place: Location, draft: Draft) -> None:
    spec = parse_spec(text)
    if spec is None:
        draft.problem(f"not a conda specification: {printable(text, 100)}", place)
        return
    name = normalise(spec.name)
    draft.add(
        LockedPackage(
            name=name,
            version=spec.version,
            kind="conda",
            location=place,
            raw_name=spec.name if spec.name != name else None,
            origin=None if spec.channel is None else Origin(kind="index", url=redact(spec.channel)),
        )
    )


def _nested(
    table: Table,
    place: Location,
    draft: Draft,
    declared: list[DeclaredRequirement],
    includes: list[Include],
    index_urls: list[str],
) -> None:
    """`pip:` and its requirement lines; nothing else may be nested."""
    for key in table.content:
        if key != "pip":
            draft.problem(f"{quoted(key, 60)} is not an installer that conda knows; only pip is", place)
    for index, (item, line, column) in enumerate(yamltext.items(table, "pip")):
        where = draft.place(f"{table.key}.pip[{index}]", line, column)
        if not isinstance(item, str):
            draft.problem(f"expected a requirement, found {kind_of(item)}", where)
            continue
        part = read_line(item, where)
        draft.packages.extend(replace(package, groups=("pip",)) for package in part.packages)
        draft.problems.extend(part.problems)
        declared.extend(part.declared)
        includes.extend(part.includes)
        index_urls.extend(part.index_urls)
