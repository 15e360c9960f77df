"""Whether an installed wheel can be for this interpreter at all, by its own tags (the WHEEL file of its dist-info).

Refused only on evidence: another implementation than CPython, versions of a C library and tags of no known shape are let pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from steadypin.model.target import Target

_SYSTEMS = {"linux": ("linux", "manylinux"), "musllinux": ("linux", "musllinux"), "macos": ("macosx",), "windows": ("win",)}
_MACHINES = {
    "x86_64": ("x86_64", "amd64", "universal2", "intel", "fat64"),
    "arm64": ("arm64", "universal2"),
    "aarch64": ("aarch64",),
}


def fits(tags: Iterable[str], target: Target) -> bool:
    """Whether one of the tags (`cp312-cp312-manylinux_2_17_x86_64`, compressed sets are allowed) may be for the target."""
    return any(_may_fit(tag, target) for tag in tags)


def _may_fit(tag: str, target: Target) -> bool:
    parts = tag.strip().split("-")
    if len(parts) != 3:
        return True
    pythons, abis, platforms = (part.split(".") for part in parts)
    python_fits = any(_python(python, abi, target) for python in pythons for abi in abis)
    return python_fits and any(_platform(platform, target.platform) for platform in platforms)


def _python(python: str, abi: str, target: Target) -> bool:
    implementation = dict(target.environment).get("implementation_name", "cpython")
    found = re.fullmatch(r"(py|cp)(\d)(\d*)", python)
    if found is None or implementation != "cpython":
        return True
    here = [int(part) for part in re.findall(r"\d+", target.python)[:2]]
    asked = [int(found[2]), *([int(found[3])] if found[3] else [])]
    if found[1] == "cp" and abi != "abi3":
        return asked == here[: len(asked)]
    return asked[0] == here[0] and asked <= here


def _platform(platform: str, here: str) -> bool:
    system, _, machine = here.partition("_")
    if platform == "any" or system not in _SYSTEMS or machine not in _MACHINES:
        return True
    if re.match(r"linux|manylinux|musllinux|macosx|win", platform) is None:
        return True
    of_system = re.match(rf"(?:{'|'.join(_SYSTEMS[system])})(?=[_\d])", platform) is not None
    return of_system and platform.endswith(_MACHINES[machine])
