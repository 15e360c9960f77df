"""TOML manifests as documents that are asked with suspicion."""

from __future__ import annotations

from steadypin.sources.lockfiles.document import Document, Table
from steadypin.sources.lockfiles.tomltext import load
from steadypin.sources.manifests.draft import Draft
from steadypin.sources.manifests.places import Places
from steadypin.sources.manifests.shapes import Sheet


def load_sheet(data: bytes, path: str) -> Sheet:
    """A TOML manifest. An empty one is legal and says nothing. Raises SourceError where it is not TOML."""
    document = load(data, path) if data.strip() else Document(path=path, text="", root=Table({}))
    return sheet_of(document)


def sheet_of(document: Document) -> Sheet:
    """The document with the places of its values and an empty draft."""
    content = dict(document.root.content)
    return Sheet(draft=Draft(document.path), places=Places(document.text, document.path), document=content)
