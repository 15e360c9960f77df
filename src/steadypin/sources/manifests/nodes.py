"""YAML as a tree of nodes with their places. No value is made of it, so that aliases cannot multiply and tags do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.sources.lockfiles.document import refuse_conflict, unicode_text
from steadypin.text import printable

if TYPE_CHECKING:
    from yaml import Node


def load_nodes(data: bytes, path: str) -> Node | None:
    """The root node of one YAML document, None where it is empty. Raises SourceError."""
    import yaml

    text = unicode_text(data, path)
    refuse_conflict(text, path)
    try:
        found: Node | None = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return found
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SourceError(
            f"not valid YAML: {printable(error.problem or error.context or '', 200)}",
            location=Location(path=path, line=mark.line + 1 if mark else None, column=mark.column + 1 if mark else None),
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else printable(str(error), 200)
        raise SourceError(f"not valid YAML: {reason}", location=Location(path=path)) from None


def entries(node: Node | None) -> Iterator[tuple[str, Node]]:
    """The entries of a mapping whose keys are plain; nothing for other nodes."""
    from yaml import MappingNode, ScalarNode

    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode):
                yield key.value, value


def child(node: Node | None, name: str) -> Node | None:
    """The value of a key, None where there is none."""
    return next((value for key, value in entries(node) if key == name), None)


def items(node: Node | None) -> list[Node]:
    """The items of a sequence; nothing for other nodes."""
    from yaml import SequenceNode

    return list(node.value) if isinstance(node, SequenceNode) else []


def text_of(node: Node | None) -> str | None:
    """The text of a scalar as it is written, whatever type YAML would give it."""
    from yaml import ScalarNode

    return node.value if isinstance(node, ScalarNode) else None


def place_of(node: Node, path: str, key: str = "") -> Location:
    """Where a node begins; for a block of text the line after its mark (`|`)."""
    block = getattr(node, "style", None) in ("|", ">")
    if block:
        return Location(path=path, line=node.start_mark.line + 2, key=key)
    return Location(path=path, line=node.start_mark.line + 1, column=node.start_mark.column + 1, key=key)
