"""Image archives: `docker save` tars, OCI layouts as tar or folder; their layers as applied trees.

Follows the OCI image specification 1.1 (layout, index, manifest, config) and Docker's `manifest.json`. Nothing is unpacked to
disk, except that an archive which is compressed as a whole is decompressed to a temporary file.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from steadypin.errors import SourceError
from steadypin.model.location import Location
from steadypin.sources.image_tree import ImageTree, TooLarge
from steadypin.text import printable, redact
from steadypin.values import dataclass

LARGEST = 64 << 30
"""Bytes that the layers of one image may have after decompression."""
MOST_RATIO = 300
_JSON_LIMIT = 8 << 20
_MOST_IMAGES = 16
_MOST_LAYERS = 512
_ZSTD = b"\x28\xb5\x2f\xfd"
_DAMAGED = (tarfile.TarError, OSError, EOFError, ValueError, KeyError, TypeError, RecursionError, ArithmeticError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image: its applied layers, and of its config what tells which Python a container would start."""

    tree: ImageTree
    name: str
    architecture: str = ""
    user: str = ""
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manifest:
    config: Mapping[str, Any]
    layers: tuple[str, ...]
    name: str


def read_images(path: Path) -> tuple[Image, ...]:
    """The images in an archive or layout folder (one for each platform). Raises SourceError that names the archive."""
    try:
        with _open_store(path) as store:
            return tuple(_read_image(store, manifest) for manifest in _manifests(store))
    except TooLarge as error:
        raise SourceError(f"{error}: refused", location=Location(path=str(path))) from None
    except _DAMAGED as error:
        reason = printable(str(error), 200) or type(error).__name__
        raise SourceError(
            f"not a readable image: {reason}",
            location=Location(path=str(path)),
            hint="make one with `docker save -o image.tar NAME`, or give an OCI layout",
        ) from None


class _Store:
    """Where blobs are: an open tar, or a folder."""

    def __init__(self, path: Path, tar: tarfile.TarFile | None = None) -> None:
        self._path = path
        self._tar = tar
        self._members = {} if tar is None else {member.name.removeprefix("./"): member for member in tar}

    def has(self, name: str) -> bool:
        return name in self._members if self._tar is not None else (self._path / name).is_file()

    def open(self, name: str) -> IO[bytes]:
        if ".." in name.split("/") or name.startswith("/"):
            raise ValueError(f"{name!r} points out of the image")
        if self._tar is None:
            return (self._path / name).open("rb")
        member = self._members.get(name)
        for _ in range(8):  # `docker save` links layers that repeat
            if member is None or not (member.issym() or member.islnk()):
                break
            target = member.linkname if member.islnk() else _beside(member.name, member.linkname)
            member = self._members.get(target)
        stream = self._tar.extractfile(member) if member is not None and member.isfile() else None
        if stream is None:
            raise ValueError(f"{name!r} is missing from the image")
        return stream

    def json(self, name: str) -> Any:
        with self.open(name) as stream:
            content = stream.read(_JSON_LIMIT + 1)
        if len(content) > _JSON_LIMIT:
            raise TooLarge(f"{name} has more than {_JSON_LIMIT >> 20} MiB")
        return json.loads(content)


def _beside(name: str, target: str) -> str:
    import posixpath

    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


@contextmanager
def _open_store(path: Path) -> Iterator[_Store]:
    if path.is_dir():
        yield _Store(path)
        return
    with path.open("rb") as raw, _plain(raw, path.stat().st_size) as stream:
        if stream is raw:
            with tarfile.open(fileobj=raw, mode="r:") as tar:
                yield _Store(path, tar)
            return
        with tempfile.TemporaryFile() as whole:
            while chunk := stream.read(1 << 20):
                whole.write(chunk)
            whole.seek(0)
            with tarfile.open(fileobj=whole, mode="r:") as tar:
                yield _Store(path, tar)


def _manifests(store: _Store) -> list[_Manifest]:
    if store.has("manifest.json"):
        documents = store.json("manifest.json")
        return [
            _Manifest(
                config=_mapping(store.json(str(document["Config"]))),
                layers=_bounded([str(layer) for layer in document["Layers"]]),
                name=str((document.get("RepoTags") or [""])[0]),
            )
            for document in documents[:_MOST_IMAGES]
        ]
    if not store.has("index.json"):
        raise ValueError("neither manifest.json (docker save) nor index.json (OCI layout) is in it")
    return list(_oci_manifests(store, _mapping(store.json("index.json")), depth=0))[:_MOST_IMAGES]


def _oci_manifests(store: _Store, index: Mapping[str, Any], depth: int) -> Iterator[_Manifest]:
    if depth > 4:
        raise ValueError("indexes within indexes, too deep")
    for descriptor in index["manifests"][: 4 * _MOST_IMAGES]:
        if (descriptor.get("platform") or {}).get("os") == "unknown":
            continue  # attestations stand among the images as if they were platforms
        blob = _blob(descriptor)
        if not store.has(blob):
            continue  # an index may speak of platforms that were not saved
        document = _mapping(store.json(blob))
        if "manifests" in document:
            yield from _oci_manifests(store, document, depth + 1)
        elif "layers" in document:
            annotations = descriptor.get("annotations") or {}
            yield _Manifest(
                config=_mapping(store.json(_blob(document["config"]))),
                layers=_bounded([_blob(layer) for layer in document["layers"]]),
                name=str(annotations.get("org.opencontainers.image.ref.name") or ""),
            )


def _blob(descriptor: Mapping[str, Any]) -> str:
    algorithm, _, digest = str(descriptor["digest"]).partition(":")
    if not re.fullmatch(r"[a-z0-9+._-]+", algorithm) or not re.fullmatch(r"[A-Za-z0-9=_-]+", digest):
        raise ValueError("a digest that is none")
    return f"blobs/{algorithm}/{digest}"


def _bounded(layers: list[str]) -> tuple[str, ...]:
    if len(layers) > _MOST_LAYERS:
        raise TooLarge(f"more than {_MOST_LAYERS} layers")
    return tuple(layers)


def _read_image(store: _Store, manifest: _Manifest) -> Image:
    tree = ImageTree()
    labels = _labels(manifest)
    for layer, label in zip(manifest.layers, labels, strict=True):
        with store.open(layer) as raw:
            size = raw.seek(0, io.SEEK_END)
            raw.seek(0)
            with _plain(raw, size) as stream:
                tree.apply(stream, label, seekable=stream is raw)
    settings = _mapping(manifest.config.get("config") or {})
    pairs = (str(entry).partition("=") for entry in settings.get("Env") or [])
    return Image(
        tree=tree,
        name=manifest.name,
        architecture=str(manifest.config.get("architecture") or ""),
        user=str(settings.get("User") or ""),
        environment={name: value for name, _, value in pairs},
    )


def _labels(manifest: _Manifest) -> list[str]:
    """`3/5 sha256:0123456789ab RUN pip install …` for each layer: its place, its digest, and what made it."""
    history = manifest.config.get("history") or []
    made = [str(entry.get("created_by") or "") for entry in history if not entry.get("empty_layer")]
    digests = (manifest.config.get("rootfs") or {}).get("diff_ids") or []
    labels = []
    for number in range(len(manifest.layers)):
        digest = str(digests[number])[:19] if number < len(digests) else ""
        command = made[number] if len(made) == len(manifest.layers) else ""
        command = re.sub(r"^(/bin/sh -c (#\(nop\) +)?|RUN /bin/sh -c )", "", command).removesuffix(" # buildkit").strip()
        parts = (f"{number + 1}/{len(manifest.layers)}", digest, printable(redact(command), 80))
        labels.append(" ".join(part for part in parts if part))
    return labels


@contextmanager
def _plain(raw: IO[bytes], size: int) -> Iterator[IO[bytes]]:
    """The stream without its compression, bounded; the stream itself where it has none."""
    head = raw.read(6)
    raw.seek(0)
    opened: IO[bytes]
    if head.startswith(b"\x1f\x8b"):
        opened = cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    elif head.startswith(b"BZh"):
        import bz2

        opened = cast("IO[bytes]", bz2.BZ2File(raw))
    elif head.startswith(b"\xfd7zXZ"):
        import lzma

        opened = cast("IO[bytes]", lzma.LZMAFile(raw))  # noqa: SIM115  closed below
    elif head.startswith(_ZSTD):
        opened = _zstd(raw)
    else:
        yield raw
        return
    with opened:
        yield cast("IO[bytes]", io.BufferedReader(_Counted(opened, min(LARGEST, size * MOST_RATIO + (1 << 28))), 1 << 20))


def _zstd(raw: IO[bytes]) -> IO[bytes]:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
    except ImportError:
        raise ValueError(
            "a layer is compressed with zstd, which the standard library reads from Python 3.14 on; run steadypin with that, "
            "or copy the image with gzip layers"
        ) from None
    return cast("IO[bytes]", zstd.ZstdFile(raw))


class _Counted(io.RawIOBase):
    """A stream that gives at most so many bytes: a small file may decompress without end."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self._stream.read(len(buffer))
        except Exception as error:  # zlib, lzma and zstd each have their own
            raise OSError(f"damaged compression: {error}") from None
        self._left -= len(chunk)
        if self._left < 0:
            raise TooLarge(f"a layer decompresses to more than {MOST_RATIO} times its size")
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, found {type(value).__name__}")
    return value
