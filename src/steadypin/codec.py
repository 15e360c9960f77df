"""Values <-> JSON: sorted, stable, with a schema version at the top.

`to_json` takes any model value; `from_json` rebuilds it from the annotations of its class, so that a new field needs no code
here. Unknown keys are an error: a file from a newer schema must not be half understood.
"""

from __future__ import annotations

import functools
import hashlib
import json
import types
import typing
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
    try:
        return typing.cast(T, _build(cls, document.get("value"), "value"))
    except _Mismatch as error:
        raise StaleInput(f"{path}: {error}", hint=f"the file was edited or cut off; write it again ({kind})") from None


def digest(value: object) -> str:
    """SHA-256 of the value's canonical JSON, as 64 hex digits."""
    return hashlib.sha256(dumps(to_plain(value)).encode()).hexdigest()


class _Mismatch(Exception):
    """A part that does not have the shape of its annotation; the message starts with its key path."""


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


@functools.cache
def _required(cls: type) -> frozenset[str]:
    if not is_dataclass(cls):
        return frozenset()
    missing = MISSING
    return frozenset(f.name for f in fields(cls) if f.default is missing and f.default_factory is missing)


def _build(kind: Any, plain: Any, path: str) -> Any:
    origin = typing.get_origin(kind)
    if kind is Any:
        return plain
    if origin in (types.UnionType, typing.Union):
        return _build_union(typing.get_args(kind), plain, path)
    if origin in (tuple, frozenset):
        return _build_collection(origin, typing.get_args(kind), plain, path)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _build_enum(kind, plain, path)
    if is_dataclass(kind):
        return _build_dataclass(typing.cast(type, kind), plain, path)
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return _build_row(kind, plain, path)
    if kind is float and type(plain) is int:
        return float(plain)
    if not isinstance(kind, type) or type(plain) is not kind:
        raise _Mismatch(f"{path}: expected {getattr(kind, '__name__', kind)}, found {type(plain).__name__}")
    return plain


def _build_union(choices: tuple[Any, ...], plain: Any, path: str) -> Any:
    if plain is None and type(None) in choices:
        return None
    rest = [choice for choice in choices if choice is not type(None)]
    return _build(rest[0], plain, path)


def _build_collection(origin: Any, args: tuple[Any, ...], plain: Any, path: str) -> Any:
    if not isinstance(plain, list):
        raise _Mismatch(f"{path}: expected a list, found {type(plain).__name__}")
    if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis):
        if len(plain) != len(args):
            raise _Mismatch(f"{path}: expected {len(args)} items, found {len(plain)}")
        return tuple(_build(kind, item, f"{path}[{i}]") for i, (kind, item) in enumerate(zip(args, plain, strict=True)))
    return origin(_build(args[0], item, f"{path}[{i}]") for i, item in enumerate(plain))


def _build_enum(kind: type[Enum], plain: Any, path: str) -> Any:
    try:
        return kind[str(plain).upper()] if issubclass(kind, IntEnum) else kind(plain)
    except (KeyError, ValueError):
        raise _Mismatch(f"{path}: {plain!r} is not a {kind.__name__}") from None


def _build_dataclass(cls: type, plain: Any, path: str) -> Any:
    if not isinstance(plain, dict):
        raise _Mismatch(f"{path}: expected an object, found {type(plain).__name__}")
    hints = _hints(cls)
    if unknown := plain.keys() - hints.keys():
        raise _Mismatch(f"{path}: unknown key {min(unknown)!r}")
    if missing := _required(cls) - plain.keys():
        raise _Mismatch(f"{path}: missing key {min(missing)!r}")
    return cls(**{name: _build(hints[name], content, f"{path}.{name}") for name, content in plain.items()})


def _build_row(cls: Any, plain: Any, path: str) -> Any:
    hints = list(_hints(cls).values())
    if not isinstance(plain, list) or len(plain) != len(hints):
        raise _Mismatch(f"{path}: expected a row of {len(hints)}")
    return cls(*(_build(kind, item, f"{path}[{i}]") for i, (kind, item) in enumerate(zip(hints, plain, strict=True))))
