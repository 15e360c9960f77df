"""Images for tests, made without Docker: `docker save` tars, OCI layouts as tar and as folder."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Content = bytes | str | None
"""Bytes of a file, a text "-> target" for a symbolic link, "=> target" for a hard link, None for a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """An uncompressed layer and the command that made it."""

    tar: bytes
    made_by: str = "RUN something"


def layer(
    entries: Mapping[str, Content], *, made_by: str = "RUN something", hide: Sequence[str] = (), opaque: Sequence[str] = ()
) -> Layer:
    """A layer from paths (no leading slash); `hide` become whiteouts, `opaque` folders lose what lower layers have."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path, content in entries.items():
            _add(tar, path, content)
        for path in hide:
            folder, _, name = path.rpartition("/")
            _add(tar, f"{folder}/.wh.{name}".lstrip("/"), b"")
        for path in opaque:
            _add(tar, f"{path}/.wh..wh..opq", b"")
    return Layer(tar=stream.getvalue(), made_by=made_by)


def layer_of(folder: Path, at: str, *, made_by: str = "COPY . .", keep: str = "") -> Layer:
    """A layer with everything in a real folder, links as links, placed at a path of the image."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        tar.add(folder, arcname=at.strip("/"))
    return Layer(tar=stream.getvalue(), made_by=made_by)


def _add(tar: tarfile.TarFile, path: str, content: Content) -> None:
    member = tarfile.TarInfo(path)
    if content is None:
        member.type, member.mode = tarfile.DIRTYPE, 0o755
    elif isinstance(content, str):
        member.type = tarfile.SYMTYPE if content.startswith("-> ") else tarfile.LNKTYPE
        member.linkname = content[3:]
    else:
        member.size, member.mode = len(content), 0o644
    tar.addfile(member, io.BytesIO(content) if isinstance(content, bytes) else None)


def config_of(
    layers: Sequence[Layer], *, environment: Sequence[str] = (), user: str = "", architecture: str = "amd64"
) -> bytes:
    return json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Env": list(environment), "User": user},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + _digest(item.tar) for item in layers]},
            "history": [{"created_by": item.made_by} for item in layers],
        }
    ).encode()


def docker_save(path: Path, layers: Sequence[Layer], **config: object) -> Path:
    """What `docker save` wrote before it wrote OCI layouts: manifest.json, a config and one folder per layer."""
    names = [f"{_digest(item.tar)}/layer.tar" for item in layers]
    settings = config_of(layers, **config)  # type: ignore[arg-type]
    files = {f"{_digest(settings)}.json": settings, **{name: item.tar for name, item in zip(names, layers, strict=True)}}
    files["manifest.json"] = json.dumps(
        [{"Config": f"{_digest(settings)}.json", "RepoTags": ["app:1"], "Layers": names}]
    ).encode()
    _write_tar(path, files)
    return path


def oci_files(layers: Sequence[Layer], *, compress: bool = True, **config: object) -> dict[str, bytes]:
    """The files of an OCI layout: oci-layout, index.json, blobs."""
    files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}

    def blob(content: bytes, kind: str) -> dict[str, object]:
        files[f"blobs/sha256/{_digest(content)}"] = content
        return {"mediaType": kind, "digest": f"sha256:{_digest(content)}", "size": len(content)}

    settings = blob(config_of(layers, **config), "application/vnd.oci.image.config.v1+json")  # type: ignore[arg-type]
    suffix = "+gzip" if compress else ""
    blobs = [
        blob(gzip.compress(item.tar, mtime=0) if compress else item.tar, f"application/vnd.oci.image.layer.v1.tar{suffix}")
        for item in layers
    ]
    manifest = json.dumps({"schemaVersion": 2, "config": settings, "layers": blobs}).encode()
    files["index.json"] = json.dumps(
        {"schemaVersion": 2, "manifests": [blob(manifest, "application/vnd.oci.image.manifest.v1+json")]}
    ).encode()
    return files


def oci_tar(path: Path, layers: Sequence[Layer], **options: object) -> Path:
    _write_tar(path, oci_files(layers, **options))  # type: ignore[arg-type]
    return path


def oci_folder(path: Path, layers: Sequence[Layer], **options: object) -> Path:
    for name, content in oci_files(layers, **options).items():  # type: ignore[arg-type]
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def _write_tar(path: Path, files: Mapping[str, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            _add(tar, name, content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
