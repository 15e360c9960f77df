"""A parsed TOML document, asked with suspicion: what has the wrong shape is a problem at its place, and taken as absent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from steadypin.model.location import Location
from steadypin.sources.manifests.draft import Draft
from steadypin.sources.manifests.places import Key, Places, key_text
from steadypin.values import dataclass, field


@dataclass(slots=True, kw_only=True)
class Sheet:
    """The document, where its values stand, and the draft that takes what is found in it."""

    draft: Draft
    places: Places
    document: dict[str, Any]
    reported: set[Key] = field(default_factory=set)

    def at(self, *key: str | int) -> Location:
        return self.places.at(*key)

    def problem(self, message: str, *key: str | int, unknown: bool = False) -> None:
        """A problem at a key, once: the same table may be looked at by several readers."""
        if key not in self.reported:
            self.reported.add(key)
            self.draft.problem(f"{key_text(key)}: {message}", self.at(*key), unknown=unknown)

    def get(self, *key: str | int) -> Any:
        """The value at a key path, None where there is none. Tables on the way that are not tables are problems."""
        value: Any = self.document
        for depth, part in enumerate(key):
            if isinstance(part, int):
                value = value[part] if isinstance(value, list) and part < len(value) else None
            elif isinstance(value, dict):
                value = value.get(part)
            else:
                self.problem("expected a table", *key[:depth])
                return None
            if value is None:
                return None
        return value

    def table(self, *key: str | int) -> dict[str, Any]:
        """The table at a key path; empty where there is none."""
        value = self.get(*key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.problem("expected a table", *key)
            return {}
        return value

    def items(self, *key: str | int) -> list[Any]:
        """The array at a key path; empty where there is none."""
        value = self.get(*key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.problem("expected an array", *key)
            return []
        return value

    def strings(self, *key: str | int) -> Iterator[tuple[int, str]]:
        """The texts of an array with their positions in it."""
        for index, item in enumerate(self.items(*key)):
            if isinstance(item, str):
                yield index, item
            else:
                self.problem("expected a string", *key, index)

    def tables_of_lists(self, *key: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The names in a table of arrays, each with its key path."""
        for name in self.table(*key):
            yield name, (*key, name)
