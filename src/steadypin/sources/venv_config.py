"""pyvenv.cfg: what makes a folder a virtual environment (PEP 405)."""

from __future__ import annotations

import re

from steadypin.sources.filetree import FileTree
from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VenvConfig:
    """pyvenv.cfg (PEP 405), with what virtualenv and uv add."""

    home: str | None = None
    version: str | None = None
    system_site_packages: bool = False
    maker: str = "venv"


def read_venv_config(tree: FileTree, prefix: str) -> VenvConfig | None:
    """pyvenv.cfg of a prefix, None where there is none that can be read."""
    try:
        text = tree.read(f"{prefix}{tree.separator}pyvenv.cfg", 65536).decode("utf-8", "replace")
    except (OSError, ValueError):
        return None
    values: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            values.setdefault(key.strip().lower(), value.strip())
    version = re.match(
        r"[23]\.\d{1,2}(?:\.\d{1,2})?(?:(?:a|b|rc)\d+)?", values.get("version") or values.get("version_info") or ""
    )
    return VenvConfig(
        home=values.get("home") or None,
        version=version[0] if version else None,
        system_site_packages=values.get("include-system-site-packages", "").lower() == "true",
        maker="virtualenv" if "virtualenv" in values else "venv",
    )
