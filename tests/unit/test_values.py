"""The laws of the standard dataclasses, held over ours and the standard ones alike."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from types import ModuleType
from typing import Any

import pytest

from steadypin import values

BOTH = pytest.mark.parametrize("library", [dataclasses, values], ids=["standard", "ours"])


def release(library: Any) -> Any:
    @library.dataclass(frozen=True, slots=True, kw_only=True, order=True)
    class Release:
        """A release."""

        name: str
        version: str = "1"
        notes: str = library.field(default="", compare=False, repr=False)
        files: tuple[str, ...] = library.field(default_factory=tuple)

        @property
        def title(self) -> str:
            return f"{self.name} {self.version}"

    return Release


def walk(library: Any) -> Any:
    @library.dataclass(slots=True)
    class Walk:
        start: str
        found: list[str] = library.field(default_factory=list)

    return Walk


def options(library: Any) -> Any:
    @library.dataclass(frozen=True, kw_only=True)
    class Options:
        path: str = "."

    @library.dataclass(frozen=True, kw_only=True)
    class More(Options):
        quiet: bool = library.field(default=False, metadata={"word": "-q"})

    return More


@values.dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """At the module's top, where pickle finds it."""

    name: str
    size: int = 0


@BOTH
def test_equal_by_what_is_compared_and_hashed_alike(library: ModuleType) -> None:
    made = release(library)
    assert made(name="a", notes="x") == made(name="a", notes="y") != made(name="b")
    assert hash(made(name="a", notes="x")) == hash(made(name="a"))
    assert made(name="a") != ("a", "1", ())
    assert walk(library).__hash__ is None


@BOTH
def test_ordered_by_the_fields_in_turn(library: ModuleType) -> None:
    made = release(library)
    one, two = made(name="a", version="2"), made(name="b", version="1")
    assert one < two and one <= two and two > one and two >= one and sorted([two, one]) == [one, two]
    with pytest.raises(TypeError):
        assert one < "b"


@BOTH
def test_shown_with_what_is_to_be_shown(library: ModuleType) -> None:
    assert repr(release(library)(name="a", notes="secret")).endswith("Release(name='a', version='1', files=())")


@BOTH
def test_a_frozen_value_does_not_change(library: ModuleType) -> None:
    value = release(library)(name="a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="name"):
        value.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError, match="name"):
        del value.name
    assert not hasattr(value, "__dict__")


@BOTH
def test_what_is_missing_or_too_much_is_a_type_error(library: ModuleType) -> None:
    made = release(library)
    for _ in range(2):  # before and after the first value
        with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'name'"):
            made()
        with pytest.raises(TypeError, match="unexpected keyword argument 'nam'"):
            made(nam="a")
        with pytest.raises(TypeError, match="positional"):
            made("a")
        made(name="a")


@BOTH
def test_a_factory_makes_one_for_each(library: ModuleType) -> None:
    made = walk(library)
    one, two = made("a"), made("b", ["x"])
    one.found.append("y")
    assert (one.found, two.found, made("c").found) == (["y"], ["x"], [])


@BOTH
def test_what_is_inherited_comes_first(library: ModuleType) -> None:
    made = options(library)
    assert [(item.name, item.default) for item in library.fields(made)] == [("path", "."), ("quiet", False)]
    assert library.fields(made)[1].metadata == {"word": "-q"}
    assert made(quiet=True) == library.replace(made(), quiet=True)
    assert made.quiet is False
    assert library.is_dataclass(made) and library.is_dataclass(made()) and not library.is_dataclass(str)


@BOTH
def test_what_a_class_says_itself_holds(library: Any) -> None:
    @library.dataclass(frozen=True, slots=True)
    class Name:
        text: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Name) and other.text.lower() == self.text.lower()

        def __hash__(self) -> int:
            return hash(self.text.lower())

        def __repr__(self) -> str:
            return self.text

    assert {Name("A"), Name("a")} == {Name("a")} and repr(Name("A")) == "A" and Name.__match_args__ == ("text",)


def test_a_value_survives_pickle_and_copy() -> None:
    value = Kept(name="a", size=3)
    assert pickle.loads(pickle.dumps(value)) == copy.copy(value) == copy.deepcopy(value) == value


def test_the_standard_library_knows_them() -> None:
    value = release(values)(name="a", files=("b",))
    assert dataclasses.is_dataclass(value)
    assert dataclasses.asdict(value) == {"name": "a", "version": "1", "notes": "", "files": ("b",)}
    assert dataclasses.replace(value, version="2").title == "a 2"
    assert [field.name for field in dataclasses.fields(value) if field.compare] == ["name", "version", "files"]
