"""Values <-> JSON: sorted, stable, with a schema version at the top.

`to_plain` takes any model value; `from_plain` rebuilds it from the annotations of its class, so that a new field needs no code
here. Unknown keys are an error: a file from a newer schema must not be half understood.
"""

from __future__ import annotations

import functools
import json
import types
import typing
from collections.abc import Callable
from enum import Enum, IntEnum
from typing import Any, TypeVar

from steadypin.errors import StaleInput
from steadypin.values import MISSING, fields, is_dataclass

SCHEMA_VERSION = 1

T = TypeVar("T")

_SCALARS = frozenset({str, int, float, bool, type(None)})


def to_plain(value: object) -> Any:
    """Any model value as what `json` takes: dicts, lists, scalars. Fields at their default are left out. Sets are sorted.

    Rows (NamedTuples of scalars) stay as they are: an audit holds a hundred thousand of them.
    """
    kind = type(value)
    if kind in _SCALARS or hasattr(kind, "_fields"):
        return value
    if kind is tuple or kind is list:
        return [to_plain(item) for item in typing.cast("typing.Iterable[object]", value)]
    if is_dataclass(kind):
        return _plain_fields(value, _defaults(kind))
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (frozenset, set)):
        return sorted((to_plain(item) for item in value), key=repr)
    if isinstance(value, dict):
        return {str(key): to_plain(content) for key, content in value.items()}
    return value


def _plain_fields(value: object, defaults: tuple[tuple[str, object], ...]) -> dict[str, Any]:
    return {name: to_plain(content) for name, default in defaults if (content := getattr(value, name)) != default}


@functools.cache
def _defaults(cls: type) -> tuple[tuple[str, object], ...]:
    return tuple((field.name, field.default) for field in fields(cls))


def dumps(plain: object) -> str:
    """JSON text with sorted keys; equal values give equal texts.

    Lone surrogates are escaped, so the text is always encodable.
    """
    return json.dumps(plain, sort_keys=True, ensure_ascii=True, allow_nan=False)


def dump_document(document: typing.Mapping[str, object]) -> str:
    """A whole document with one line for each key and each item of a list: readable, diffable, and fast to write."""
    lines = ",\n".join(f" {dumps(key)}: {_dump_value(document[key])}" for key in sorted(document))
    return "{\n" + lines + "\n}\n"


def _dump_value(value: object) -> str:
    if not isinstance(value, list) or not value:
        return dumps(value)
    return "[\n  " + ",\n  ".join(map(dumps, value)) + "\n ]"


def encode(value: object, *, kind: str) -> str:
    """A whole document: `{"kind": …, "schema_version": 1, "value": …}`."""
    return dumps({"kind": kind, "schema_version": SCHEMA_VERSION, "value": to_plain(value)}) + "\n"


def decode(text: str, cls: type[T], *, kind: str, path: str) -> T:
    """The value of a document that `encode` wrote. Raises StaleInput that names the file, the key path and the way out."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StaleInput(f"{path}: not JSON: {error}", hint=f"write it again with steadypin ({kind})") from None
    if not isinstance(document, dict) or document.get("kind") != kind:
        found = document.get("kind") if isinstance(document, dict) else type(document).__name__
        raise StaleInput(
            f"{path}: expected a steadypin {kind} file, found {found!r}", hint=f"write one with steadypin ({kind})"
        )
    if document.get("schema_version") != SCHEMA_VERSION:
        raise StaleInput(
            f"{path}: schema_version {document.get('schema_version')!r}; this steadypin understands {SCHEMA_VERSION}",
            hint="use the steadypin that wrote the file, or write the file again",
        )
    return from_plain(cls, document.get("value"), path=path, hint=f"the file was edited or cut off; write it again ({kind})")


def from_plain(cls: type[T], plain: object, *, path: str, hint: str = "") -> T:
    """The value of what `to_plain` gave. Raises StaleInput that names the file and the key path."""
    try:
        return typing.cast("T", _builder(typing.cast("Any", cls))(plain))
    except _Mismatch as error:
        raise StaleInput(f"{path}: {error}", hint=hint) from None


def digest(value: object) -> str:
    """SHA-256 of the value's canonical JSON, as 64 hex digits."""
    import hashlib

    return hashlib.sha256(dumps(to_plain(value)).encode()).hexdigest()


class _Mismatch(Exception):
    """A part that does not have the shape of its annotation: what is wrong, and the key path, which grows on the way out."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.place = ""

    def __str__(self) -> str:
        return f"value{self.place}: {self.args[0]}"

    def within(self, key: str) -> _Mismatch:
        """The same fault, seen from outside."""
        self.place = key + self.place
        return self


Builder = Callable[[Any], Any]


@functools.cache
def _builder(kind: Any) -> Builder:
    """What makes a value of an annotation out of plain JSON; chosen once for each annotation. Its faults are _Mismatch."""
    origin = typing.get_origin(kind)
    if kind is Any:
        return _as_it_is
    if origin in (types.UnionType, typing.Union):
        return _union_builder(typing.get_args(kind))
    if origin is tuple or origin is frozenset:
        return _collection_builder(origin, typing.get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum_builder(kind)
    if is_dataclass(kind):
        return _dataclass_builder(typing.cast(type, kind))
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        row = _row_builder([_builder(item) for item in typing.get_type_hints(kind).values()])
        return lambda plain: kind(*row(plain))
    return _scalar_builder(kind)


def _as_it_is(plain: Any) -> Any:
    return plain


def _scalar_builder(kind: Any) -> Builder:
    def build(plain: Any) -> Any:
        if plain.__class__ is kind:
            return plain
        if kind is float and plain.__class__ is int:
            return float(plain)
        raise _Mismatch(f"expected {getattr(kind, '__name__', kind)}, found {type(plain).__name__}")

    return build


def _union_builder(choices: tuple[Any, ...]) -> Builder:
    build_rest = _builder(next(choice for choice in choices if choice is not type(None)))
    if type(None) not in choices:
        return build_rest
    return lambda plain: None if plain is None else build_rest(plain)


def _collection_builder(origin: Callable[[list[Any]], Any], args: tuple[Any, ...]) -> Builder:
    if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):
        row = _row_builder([_builder(kind) for kind in args])
        return lambda plain: tuple(row(plain))
    build_item = _builder(args[0])

    def build(plain: Any) -> Any:
        if plain.__class__ is not list:
            raise _Mismatch(f"expected a list, found {type(plain).__name__}")
        built: list[Any] = []
        try:
            for item in plain:
                built.append(build_item(item))
        except _Mismatch as fault:
            raise fault.within(f"[{len(built)}]") from None
        return origin(built)

    return build


def _row_builder(builders: list[Builder]) -> Builder:
    def build(plain: Any) -> list[Any]:
        if plain.__class__ is not list or len(plain) != len(builders):
            raise _Mismatch(f"expected a list of {len(builders)}")
        built: list[Any] = []
        try:
            for build_item, item in zip(builders, plain, strict=True):
                built.append(build_item(item))
        except _Mismatch as fault:
            raise fault.within(f"[{len(built)}]") from None
        return built

    return build


def _enum_builder(kind: type[Enum]) -> Builder:
    def build(plain: Any) -> Enum:
        try:
            return kind[str(plain).upper()] if issubclass(kind, IntEnum) else kind(plain)
        except (KeyError, ValueError):
            raise _Mismatch(f"{plain!r} is not a {kind.__name__}") from None

    return build


def _dataclass_builder(cls: type) -> Builder:
    hints = typing.get_type_hints(cls)
    builders: dict[str, Builder] = {}  # made when a field is first met: some classes contain themselves
    required = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}

    def build(plain: Any) -> Any:
        if plain.__class__ is not dict:
            raise _Mismatch(f"expected an object, found {type(plain).__name__}")
        values = {}
        for name, content in plain.items():
            build_field = builders.get(name)
            if build_field is None:
                if name not in hints:
                    raise _Mismatch(f"unknown key {name!r}")
                build_field = builders[name] = _builder(hints[name])
            try:
                values[name] = build_field(content)
            except _Mismatch as fault:
                raise fault.within(f".{name}") from None
        if not required <= values.keys():
            raise _Mismatch(f"missing key {min(required - values.keys())!r}")
        return cls(**values)

    return build
