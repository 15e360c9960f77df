"""What can be known of an environment whose interpreter is not started: from pyvenv.cfg, folder names, wheel tags and binaries.

Used for venvs that are broken or from another platform, bare folders, container roots and images; works over any FileTree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from steadypin.model.target import Target
from steadypin.sources.filetree import FileTree
from steadypin.sources.tags import Abi, Platform, marker_variables, wheel_tags
from steadypin.sources.venv_config import VenvConfig
from steadypin.values import dataclass

_LIBRARY = re.compile(r"(?P<kind>python|pypy)(?P<major>[23])(?:\.(?P<minor>\d{1,2}))?(?P<thread>t?)")
_MINOR_IN_PATH = re.compile(r"python([23])\.(\d{1,2})(t?)(?![0-9])", re.IGNORECASE)
_COMPILED = re.compile(r"^Tag:[ \t]*(?P<python>[a-z]+\d+)-(?P<abi>[a-z0-9_]+)-(?P<platform>[a-zA-Z0-9_]+)[ \t]*\r?$", re.M)
_MOST_WHEELS = 400
_BINARY_LIMIT = 96 * 1024 * 1024
GLIBC_VERSION = re.compile(rb"stable release version (\d+)\.(\d+)|GNU C Library[^\n]{0,80}? version (\d+)\.(\d+)")
PYTHON_VERSION = re.compile(rb"\0([23]\.\d{1,2}\.\d{1,2}(?:(?:a|b|rc)\d{1,2})?)\+?\0")
_ELF_MACHINES = {
    0x3E: "x86_64",
    0xB7: "aarch64",
    0x03: "i686",
    0x28: "armv7l",
    0x15: "ppc64le",
    0x16: "s390x",
    0xF3: "riscv64",
    0x102: "loongarch64",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The folders of one prefix, best first, and the Python that they are for."""

    site_folders: tuple[str, ...] = ()
    python: tuple[int, int] | None = None
    free_threaded: bool = False
    implementation: str = "cpython"
    windows: bool = False


def layouts(tree: FileTree, prefix: str) -> tuple[Layout, ...]:
    """Every Python that has folders for packages below a prefix (a system prefix may serve several), the newest first."""
    found: dict[tuple[str, int, int, str], list[str]] = {}
    for library in ("local/lib", "local/lib64", "lib", "lib64"):
        base = _path(tree, prefix, *library.split("/"))
        for name, match in _libraries(tree, base):
            library_folder = _path(tree, base, name)
            is_standard = tree.is_file(_path(tree, library_folder, "os.py"))
            if library.startswith("local") and is_standard:
                continue  # an installation of its own: /usr/local is not /usr
            folders = [_path(tree, library_folder, last) for last in ("site-packages", "dist-packages")]
            present = [folder for folder in folders if tree.is_dir(folder)]
            minor = int(match["minor"]) if match["minor"] else -1
            if present or (minor >= 0 and is_standard):
                found.setdefault((match["kind"], int(match["major"]), minor, match["thread"]), []).extend(present)
    windows = _path(tree, prefix, "Lib", "site-packages")
    if not found:
        flat = [folder for folder in (windows, _path(tree, prefix, "site-packages")) if tree.is_dir(folder)]
        return (Layout(site_folders=tuple(flat), windows=flat[0] == windows),) if flat else ()
    return tuple(_layouts(tree, found))


def _layouts(tree: FileTree, found: dict[tuple[str, int, int, str], list[str]]) -> Iterator[Layout]:
    shared = {(kind, major): folders for (kind, major, minor, _), folders in found.items() if minor < 0}
    exact = sorted((key for key in found if key[2] >= 0), reverse=True)
    for kind, major, minor, thread in exact:
        folders = [*found[kind, major, minor, thread], *shared.get((kind, major), ())]
        yield Layout(
            site_folders=tuple(_without_links(tree, folders)),
            python=(major, minor),
            free_threaded=bool(thread),
            implementation="pypy" if kind == "pypy" else "cpython",
        )
    if not exact:  # Debian's lib/python3/dist-packages without the interpreter
        for folders in shared.values():
            yield Layout(site_folders=tuple(folders))


def _libraries(tree: FileTree, base: str) -> Iterator[tuple[str, re.Match[str]]]:
    try:
        names = sorted(tree.names(base))
    except (OSError, ValueError):
        return
    for name in names:
        if match := _LIBRARY.fullmatch(name):
            yield name, match


def _without_links(tree: FileTree, folders: Sequence[str]) -> Iterator[str]:
    """lib64 is often a link to lib: a folder with the very same names as an earlier one is that one."""
    seen: list[list[str]] = []
    for folder in folders:
        try:
            names = sorted(tree.names(folder))
        except OSError:
            names = []
        if names and names in seen and "lib64" in folder:
            continue
        seen.append(names)
        yield folder


def guess_target(
    tree: FileTree,
    *,
    layout: Layout,
    config: VenvConfig | None,
    binaries: Iterable[str],
    fallback: Target,
    where: str,
    prefix: str = "",
    folders: Sequence[str] = (),
    machine: Platform | None = None,
) -> Target:
    """The most likely target of an environment, its `source` saying what it was guessed from.

    `binaries` are candidate interpreter files, `folders` where wheels' own tags may be asked (default: the layout's);
    `machine` is the platform where that is known already (an image says it), `fallback` answers what nothing else does.
    """
    wheels = tuple(_wheel_evidence(tree, folders or layout.site_folders))
    elf = next((found for path in binaries if (found := elf_machine(tree, path))), None)
    platform, platform_by = (machine, "the image") if machine else _guess_platform(layout, wheels, elf, fallback)
    python, python_by = _guess_python(tree, prefix, layout, config, wheels, fallback)
    numbers = tuple(map(int, re.findall(r"\d+", python)[:2]))
    free = layout.free_threaded or any(abi.endswith("t") for _, abi, _ in wheels if re.fullmatch(r"cp3\d+t", abi))
    abi = Abi(free_threaded=free, extension_suffix=".so")
    return Target(
        python=python,
        platform=platform.short_name,
        source=f"{where} (Python by {python_by}, platform by {platform_by})",
        environment=marker_variables(platform, python, layout.implementation),
        tags=wheel_tags(layout.implementation, (numbers[0], numbers[1]), abi, platform),
    )


def _guess_python(
    tree: FileTree,
    prefix: str,
    layout: Layout,
    config: VenvConfig | None,
    wheels: Sequence[tuple[str, str, str]],
    fallback: Target,
) -> tuple[str, str]:
    if config is not None and config.version is not None and config.version.count(".") == 2:
        return config.version, "pyvenv.cfg"
    minor, by = layout.python, "its folders"
    if minor is None and config is not None and config.version is not None:
        minor, by = minor_in_path(f"python{config.version}"), "pyvenv.cfg"
    if minor is None:
        exact = [python for python, abi, _ in wheels if abi.startswith(python) and re.fullmatch(r"cp[23]\d{1,2}", python)]
        minor, by = ((int(exact[0][2]), int(exact[0][3:])) if exact else None), "its wheels' tags"
    if minor is None:
        return fallback.python, fallback.source
    if prefix and (exact_version := installed_version(tree, prefix, minor)):
        return exact_version, "its interpreter's files"
    text = f"{minor[0]}.{minor[1]}"
    return (fallback.python if fallback.python.split(".")[:2] == text.split(".") else f"{text}.0"), by


def installed_version(tree: FileTree, prefix: str, minor: tuple[int, int]) -> str | None:
    """The full version of the Python in a prefix, from its C header or its binary; None where neither tells."""
    name = f"python{minor[0]}.{minor[1]}"
    start = f"{minor[0]}.{minor[1]}."
    for include in (name, f"{name}m"):
        header = _read(tree, _path(tree, prefix, "include", include, "patchlevel.h"), 65536)
        found = re.search(rb'#define PY_VERSION\s+"([\w.]+)', header)
        if found and found[1].decode("ascii", "replace").startswith(start):
            return found[1].decode("ascii")
    for library in (f"bin/{name}", f"lib/lib{name}.so.1.0", f"lib/lib{name}m.so.1.0"):
        content = _read(tree, _path(tree, prefix, *library.split("/")), _BINARY_LIMIT)
        for match in PYTHON_VERSION.finditer(content):
            version = match[1].decode("ascii")
            if version.startswith(start):
                return version
    return None


def glibc_level(tree: FileTree, machine: str) -> tuple[int, int] | None:
    """The version of a file system's own C library, where that is glibc."""
    folders = (f"/lib/{machine}-linux-gnu", f"/usr/lib/{machine}-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib")
    for folder in folders:
        found = GLIBC_VERSION.search(_read(tree, f"{folder}/libc.so.6", _BINARY_LIMIT))
        if found:
            return int(found[1] or found[3]), int(found[2] or found[4])
    return None


def _read(tree: FileTree, path: str, limit: int) -> bytes:
    try:
        return tree.read(path, limit)
    except (OSError, ValueError):
        return b""


def _guess_platform(
    layout: Layout, wheels: Sequence[tuple[str, str, str]], elf: Platform | None, fallback: Target
) -> tuple[Platform, str]:
    from steadypin.sources.targets import NEWEST_MACOS, PLATFORMS, parse_platform_tag, platform_of

    named = [platform for tag in wheels if tag[2] != "any" and (platform := parse_platform_tag(tag[2].lower()))]
    if elf is not None:
        return elf, "its interpreter's binary"
    if named:
        best = named[0]
        if best.macos:
            best = Platform(system=best.system, macos=NEWEST_MACOS, machine=_mac_machine(best.machine))
        return PLATFORMS.get(best.short_name, best), "its wheels' tags"
    if layout.windows:
        return PLATFORMS["windows_x86_64"], "its folders"
    return platform_of(fallback), fallback.source


def _mac_machine(machine: str) -> str:
    return machine if machine in ("arm64", "x86_64") else "arm64" if machine == "universal2" else "x86_64"


def _wheel_evidence(tree: FileTree, folders: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """(python, abi, platform) of the wheels that were compiled for something."""
    asked = 0
    for folder in folders:
        try:
            names = sorted(name for name in tree.names(folder) if name.endswith(".dist-info"))
        except OSError:
            continue
        for name in names[: _MOST_WHEELS - asked]:
            asked += 1
            try:
                text = tree.read(_path(tree, folder, name, "WHEEL"), 65536).decode("utf-8", "replace")
            except (OSError, ValueError):
                continue
            yield from ((m["python"], m["abi"], m["platform"]) for m in _COMPILED.finditer(text) if m["platform"] != "any")


def elf_machine(tree: FileTree, path: str) -> Platform | None:
    """The platform of a Linux binary by its ELF header; whether it is for glibc or musl by the loader that it names."""
    try:
        head = tree.read(path, 65536)
    except (OSError, ValueError):
        return None
    if len(head) < 20 or not head.startswith(b"\x7fELF"):
        return None
    order: Literal["little", "big"] = "little" if head[5] == 1 else "big"
    machine = _ELF_MACHINES.get(int.from_bytes(head[18:20], order))
    if machine is None:
        return None
    from steadypin.sources.targets import NEWEST_GLIBC, NEWEST_MUSL

    if b"/ld-musl-" in head:
        return Platform(system=f"linux_{machine}", musl=NEWEST_MUSL)
    return Platform(system=f"linux_{machine}", glibc=NEWEST_GLIBC)


def minor_in_path(path: str) -> tuple[int, int] | None:
    """(3, 11) from `…/lib/python3.11/site-packages`; the last such part counts."""
    found = _MINOR_IN_PATH.findall(path)
    return (int(found[-1][0]), int(found[-1][1])) if found else None


def _path(tree: FileTree, *parts: str) -> str:
    return tree.separator.join(parts)
