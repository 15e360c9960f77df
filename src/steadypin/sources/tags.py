"""Compatible wheel tags and marker variables from facts about an interpreter, this machine's or another's.

Follows PEP 425, 513/571/599/600 (manylinux), 656 (musllinux) and 703/803 (free threading); the tags are put together by
`packaging.tags`, which is imported only when somebody asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadypin.remembered import remembered
from steadypin.values import dataclass

LEGACY_MANYLINUX = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
_MANYLINUX_ARCHITECTURES = frozenset(
    ("x86_64", "i686", "aarch64", "armv7l", "armv8l", "ppc64", "ppc64le", "s390x", "loongarch64", "riscv64")
)
_SHORT_NAMES = {"cpython": "cp", "pypy": "pp", "ironpython": "ip", "jython": "jy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What decides which platform tags fit.

    `system` is `sysconfig.get_platform()` with underscores ("linux_x86_64", "win_amd64", "macosx_11_0_arm64"); `glibc` and
    `musl` are the C library's (major, minor); `macos` the running system's (major, minor) and `machine` its processor.
    """

    system: str
    glibc: tuple[int, int] | None = None
    musl: tuple[int, int] | None = None
    macos: tuple[int, int] | None = None
    machine: str = ""

    @property
    def short_name(self) -> str:
        """The name that targets are called by: "linux_x86_64", "musllinux_aarch64", "macos_arm64", "windows_x86_64", …"""
        if self.macos is not None:
            return f"macos_{self.machine}"
        if self.system.startswith("win"):
            return {"win_amd64": "windows_x86_64", "win32": "windows_x86", "win_arm64": "windows_arm64"}.get(
                self.system, self.system
            )
        if self.musl is not None and self.system.startswith("linux_"):
            return "musl" + self.system
        return self.system


@dataclass(frozen=True, slots=True, kw_only=True)
class Abi:
    """The build of an interpreter as far as binary compatibility goes."""

    debug: bool = False
    free_threaded: bool = False
    pymalloc: bool = True
    wide_unicode: bool = True
    extension_suffix: str = ""
    """EXT_SUFFIX; decides for interpreters other than CPython."""


def platform_tags(platform: Platform) -> tuple[str, ...]:
    """The platform tags that fit, best first."""
    if platform.macos is not None:
        from packaging.tags import mac_platforms

        return tuple(mac_platforms(platform.macos, platform.machine))
    if platform.system.startswith("linux_"):
        return tuple(_linux_platforms(platform))
    return (platform.system,)


def _linux_platforms(platform: Platform) -> Iterator[str]:
    first = platform.system.removeprefix("linux_")
    architectures = ["armv8l", "armv7l"] if first == "armv8l" else [first]
    yield from (f"linux_{architecture}" for architecture in architectures)
    if platform.glibc and _MANYLINUX_ARCHITECTURES.intersection(architectures):
        for architecture in architectures:
            yield from _manylinux(architecture, *platform.glibc)
    if platform.musl:
        major, minor = platform.musl
        for architecture in architectures:
            yield from (f"musllinux_{major}_{level}_{architecture}" for level in range(minor, -1, -1))


def _manylinux(architecture: str, major: int, minor: int) -> Iterator[str]:
    oldest = 5 if architecture in ("x86_64", "i686") else 17
    for level in range(min(minor, 99), oldest - 1, -1):
        yield f"manylinux_{major}_{level}_{architecture}"
        if legacy := LEGACY_MANYLINUX.get((major, level)):
            yield f"{legacy}_{architecture}"


def wheel_tags(implementation: str, python: tuple[int, int], abi: Abi, platform: Platform) -> tuple[str, ...]:
    """All compatible tags as texts, the most preferred first; `implementation` is `sys.implementation.name`."""
    return tuple(_wheel_tags(implementation, python, abi, platform).split())


@remembered
def _wheel_tags(implementation: str, python: tuple[int, int], abi: Abi, platform: Platform) -> str:
    from packaging.tags import compatible_tags, cpython_tags, generic_tags

    platforms = platform_tags(platform)
    short = _SHORT_NAMES.get(implementation, implementation)
    nodot = f"{python[0]}{python[1]}"
    if short == "cp":
        special = cpython_tags(python, cpython_abis(python, abi), platforms)
        plain: str | None = f"cp{nodot}"
    else:
        special = generic_tags(f"{short}{nodot}", _generic_abis(abi), platforms)
        plain = "pp3" if short == "pp" else None
    return " ".join(map(str, (*special, *compatible_tags(python, plain, platforms))))


def cpython_abis(python: tuple[int, int], abi: Abi) -> list[str]:
    """CPython's ABI tags, best first: cp27mu, cp37m, cp312, cp313t, cp312d with cp312, …"""
    base = f"cp{python[0]}{python[1]}"
    thread = "t" if abi.free_threaded and python >= (3, 13) else ""
    debug = "d" if abi.debug else ""
    if python < (3, 8):
        wide = "u" if python < (3, 3) and abi.wide_unicode else ""
        return [f"{base}{debug}{'m' if abi.pymalloc else ''}{wide}"]
    return [f"{base}{thread}{debug}", f"{base}{thread}"] if debug else [f"{base}{thread}"]


def _generic_abis(abi: Abi) -> list[str]:
    parts = abi.extension_suffix.split(".")
    if len(parts) < 3:
        return []
    kept = 3 if parts[1].startswith("graalpy") else 2
    return [re.sub(r"[-. ]", "_", "-".join(parts[1].split("-")[:kept]))]


def marker_variables(platform: Platform, python: str, implementation: str = "cpython") -> tuple[tuple[str, str], ...]:
    """The PEP 508 variables of a machine that is not at hand; its release and version are empty texts."""
    if platform.macos is not None:
        os_name, system, sys_platform, machine = "posix", "Darwin", "darwin", platform.machine
    elif platform.system.startswith("win"):
        os_name, system, sys_platform = "nt", "Windows", "win32"
        machine = {"win_amd64": "AMD64", "win_arm64": "ARM64", "win32": "x86"}.get(platform.system, "")
    else:
        name, _, machine = platform.system.partition("_")
        os_name, system, sys_platform = "posix", name.capitalize(), name
        if name == "linux" and python.startswith("2."):
            sys_platform = "linux2"
    names = {"cpython": "CPython", "pypy": "PyPy"}
    return (
        ("implementation_name", implementation),
        ("implementation_version", python),
        ("os_name", os_name),
        ("platform_machine", machine),
        ("platform_python_implementation", names.get(implementation, implementation)),
        ("platform_release", ""),
        ("platform_system", system),
        ("platform_version", ""),
        ("python_full_version", python),
        ("python_version", ".".join(re.findall(r"\d+", python)[:2])),
        ("sys_platform", sys_platform),
    )
