"""A package's tree: as text for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from steadypin.codec import SCHEMA_VERSION
from steadypin.model.tree import PackageTree, TreeNode
from steadypin.reporters.layout import cut, styled
from steadypin.reporters.plain import redacted
from steadypin.reporters.reporter import Presentation
from steadypin.text import shown


def document(tree: PackageTree) -> dict[str, Any]:
    """`steadypin tree PACKAGE --format json`."""
    plain = {
        "schema_version": SCHEMA_VERSION,
        "name": tree.name,
        "version": tree.version,
        "wanted": tree.wanted,
        "latest": tree.latest,
        "source": tree.source,
        "needs": [_plain(node, "needs") for node in tree.needs],
        "needed_by": [_plain(node, "needed_by") for node in tree.needed_by],
    }
    return cast("dict[str, Any]", redacted(plain))


def _plain(node: TreeNode, below: str) -> dict[str, Any]:
    row: dict[str, Any] = {"name": node.name, "version": node.version, "asks": node.asks, "note": node.note}
    if below == "needed_by":
        row["refuses"] = node.refuses
    return {
        **row,
        "repeated": node.repeated,
        "cut": node.cut,
        below: [_plain(child, below) for child in node.children],
    }


def text(tree: PackageTree, how: Presentation) -> str:
    """For people; no line is wider than the presentation."""
    lines = [styled(cut(_title(tree), how.width), "bold", color=how.color)]
    for title, nodes, down in (("it needs", tree.needs, True), ("it is needed by", tree.needed_by, False)):
        lines += ["", f"{title}{'' if nodes else ' nothing' if down else ' nobody'}", *_lines(nodes, "", how, down=down)]
    if any(_anywhere(node, lambda n: n.repeated) for node in (*tree.needs, *tree.needed_by)):
        lines += ["", "(*) what hangs below is shown above" if not how.ascii else "(*) shown above"]
    if tree.source == "locks":
        lines += ["", "Read from the locks, which do not always say what was asked for; --python ENV reads an environment."]
    return "\n".join(lines) + "\n"


def _title(tree: PackageTree) -> str:
    parts = [shown(f"{tree.name} {tree.version or '(not installed)'}")]
    parts += [f"wanted {shown(tree.wanted)}"] if tree.wanted and tree.wanted != tree.version else []
    parts += [f"latest {shown(tree.latest)}"] if tree.latest else []
    return ", ".join(parts)


def _lines(nodes: tuple[TreeNode, ...], indent: str, how: Presentation, *, down: bool) -> Iterator[str]:
    ways = ("`-- ", "|-- ", "    ", "|   ") if how.ascii else ("└── ", "├── ", "    ", "│   ")
    for place, node in enumerate(nodes):
        last = place == len(nodes) - 1
        line = cut(indent + ways[0 if last else 1] + _words(node, down=down), how.width, ellipsis="~" if how.ascii else "…")
        yield styled(line, "yellow" if node.refuses else "", color=how.color)
        yield from _lines(node.children, indent + ways[2 if last else 3], how, down=down)


def _words(node: TreeNode, *, down: bool) -> str:
    who = f"{node.name} {node.version}" if node.version else node.name
    asked = "" if node.asks is None else f" {'asked for' if down else 'asks for'} {node.asks or 'any version'}"
    refused = f", which refuses {node.refuses}" if node.refuses else ""
    note = f" ({node.note})" if node.note else ""
    return shown(f"{who}{asked}{refused}{note}") + (" (*)" if node.repeated else " …" if node.cut else "")


def _anywhere(node: TreeNode, true: Any) -> bool:
    return bool(true(node)) or any(_anywhere(child, true) for child in node.children)
