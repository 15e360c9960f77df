"""What pip's configuration says about indexes and the way to them, read as pip reads it.

Environment variables win over files; of the files, PIP_CONFIG_FILE wins over the environment's own, that over the user's and
that over the machine's; within the merged files [list] wins over [install] and that over [global].
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from steadypin.errors import ConfigError
from steadypin.model.location import Location
from steadypin.text import printable, redact
from steadypin.values import dataclass, field

_SECTIONS = ("global", "install", "list")
_ALIASES = {"pypi-url": "index-url", "default-timeout": "timeout"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PipSettings:
    """The settings that concern us; None and () where nothing was said. `index_url` and `proxy` may hold credentials."""

    index_url: str | None = field(default=None, repr=False)
    extra_index_urls: tuple[str, ...] = field(default=(), repr=False)
    find_links: tuple[str, ...] = field(default=(), repr=False)
    no_index: bool = False
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = field(default=None, repr=False)
    trusted_hosts: tuple[str, ...] = ()
    timeout: float | None = None
    retries: int | None = None

    @property
    def names_indexes(self) -> bool:
        """Whether the configuration says anything about where to look."""
        return bool(self.index_url or self.extra_index_urls or self.find_links or self.no_index)


def read_pip_settings(environ: Mapping[str, str], prefix: Path | None = None) -> PipSettings:
    """The settings of this user and of the environment at `prefix`. Raises ConfigError for a file that pip would refuse."""
    values = _from_files(environ, prefix)
    values.update(_from_environment(environ))
    return PipSettings(
        index_url=values.get("index-url"),
        extra_index_urls=tuple(values.get("extra-index-url", "").split()),
        find_links=tuple(values.get("find-links", "").split()),
        no_index=_truth(values.get("no-index")),
        cert=_path(values.get("cert")),
        client_cert=_path(values.get("client-cert")),
        proxy=values.get("proxy"),
        trusted_hosts=tuple(values.get("trusted-host", "").split()),
        timeout=_number(values.get("timeout")),
        retries=None if (retries := _number(values.get("retries"))) is None else int(retries),
    )


def configuration_files(environ: Mapping[str, str], prefix: Path | None = None) -> tuple[Path, ...]:
    """The files that pip would look at, the weakest first."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return ()
    own = () if named and Path(named).exists() else tuple(_of_user(environ))
    site = (prefix / _basename(),) if prefix is not None else ()
    return (*_of_machine(environ), *own, *site, *((Path(named),) if named else ()))


def _basename() -> str:
    return "pip.ini" if os.name == "nt" else "pip.conf"


def _of_machine(environ: Mapping[str, str]) -> Iterator[Path]:
    if os.name == "nt":
        yield Path(environ.get("PROGRAMDATA", "C:\\ProgramData")) / "pip" / _basename()
    elif sys.platform == "darwin":
        yield Path("/Library/Application Support/pip") / _basename()
    else:
        for folder in reversed((environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)):
            yield Path(folder) / "pip" / _basename()
        yield Path("/etc") / _basename()


def _of_user(environ: Mapping[str, str]) -> Iterator[Path]:
    home = _home(environ)
    yield home / ("pip" if os.name == "nt" else ".pip") / _basename()
    if os.name == "nt":
        yield Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "pip" / _basename()
        return
    mac = home / "Library" / "Application Support" / "pip"
    if sys.platform == "darwin" and mac.is_dir():
        yield mac / _basename()
        return
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / _basename()


def _home(environ: Mapping[str, str]) -> Path:
    named = environ.get("USERPROFILE" if os.name == "nt" else "HOME")
    return Path(named) if named else Path("~").expanduser()


def _from_files(environ: Mapping[str, str], prefix: Path | None) -> dict[str, str]:
    merged: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for path in configuration_files(environ, prefix):
        for section, values in _read(path).items():
            merged[section].update(values)
    return {key: value for section in _SECTIONS for key, value in merged[section].items()}


def _read(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8", errors="strict"), source=str(path))
    except OSError:
        return {}
    except (configparser.Error, UnicodeDecodeError) as error:
        raise ConfigError(
            f"not a pip configuration: {printable(redact(str(error)))}",
            location=Location(path=str(path)),
            hint="pip refuses this file too: correct it, or set PIP_CONFIG_FILE to another one",
        ) from None
    return {
        section: {_key(key): value for key, value in parser.items(section) if value}
        for section in _SECTIONS
        if parser.has_section(section)
    }


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {_key(name[4:]): value for name, value in environ.items() if name.startswith("PIP_") and value}


def _key(name: str) -> str:
    plain = name.lower().replace("_", "-").removeprefix("--")
    return _ALIASES.get(plain, plain)


def _truth(value: str | None) -> bool:
    return (value or "").strip().lower() in ("y", "yes", "t", "true", "on", "1")


def _number(value: str | None) -> float | None:
    try:
        return float(value) if value is not None and len(value) < 20 else None
    except ValueError:
        return None


def _path(value: str | None) -> str | None:
    return str(Path(value).expanduser()) if value else None
