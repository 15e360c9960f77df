from __future__ import annotations

import pytest
from packaging.markers import default_environment
from packaging.tags import sys_tags

from steadypin.errors import InterpreterError, UsageError
from steadypin.model.target import Target
from steadypin.sources.interpreter import interpreter_of, parse_facts, target_of
from steadypin.sources.tags import Abi, Platform, cpython_abis, platform_tags, wheel_tags
from steadypin.sources.targets import PLATFORMS, parse_target, running_target


def test_the_running_interpreter_has_the_tags_and_markers_that_packaging_gives_it() -> None:
    target = running_target()
    assert target.tags == tuple(map(str, sys_tags()))
    assert dict(target.environment) == default_environment()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_short_platform_name_gives_a_complete_target(platform: str) -> None:
    target = parse_target(f"python=3.12,platform={platform}")
    assert (target.python, target.platform, target.source) == ("3.12.0", platform, "option")
    assert {name for name, _ in target.environment} == set(default_environment())
    assert target.tags[-1] == "py30-none-any"
    assert target.accepts_wheel("a-1-py3-none-any.whl")


@pytest.mark.parametrize(
    ("text", "wheel", "fits"),
    [
        ("python=3.12,platform=linux_x86_64", "a-1-cp312-cp312-manylinux_2_39_x86_64.whl", True),
        ("python=3.12,platform=linux_x86_64", "a-1-cp312-cp312-manylinux_2_40_x86_64.whl", False),
        ("python=3.12,platform=linux_x86_64", "a-1-cp312-cp312-musllinux_1_2_x86_64.whl", False),
        ("python=3.12,platform=linux_aarch64", "a-1-cp38-abi3-manylinux2014_aarch64.manylinux_2_17_aarch64.whl", True),
        ("python=3.12,platform=musllinux_x86_64", "a-1-cp312-cp312-musllinux_1_1_x86_64.whl", True),
        ("python=3.12,platform=manylinux_2_28_x86_64", "a-1-cp312-cp312-manylinux_2_28_x86_64.whl", True),
        ("python=3.12,platform=manylinux_2_28_x86_64", "a-1-cp312-cp312-manylinux_2_34_x86_64.whl", False),
        ("python=3.12,platform=manylinux2014_x86_64", "a-1-cp312-cp312-manylinux1_x86_64.whl", True),
        ("python=3.12,platform=macos_arm64", "a-1-cp312-cp312-macosx_11_0_universal2.whl", True),
        ("python=3.12,platform=macos_x86_64", "a-1-cp312-cp312-macosx_10_9_x86_64.whl", True),
        ("python=3.12,platform=macos_x86_64", "a-1-cp312-cp312-macosx_11_0_arm64.whl", False),
        ("python=3.12,platform=windows_x86_64", "a-1-cp312-cp312-win_amd64.whl", True),
        ("python=3.13t,platform=linux_x86_64", "a-1-cp313-cp313t-manylinux_2_17_x86_64.whl", True),
        ("python=3.13t,platform=linux_x86_64", "a-1-cp313-cp313-manylinux_2_17_x86_64.whl", False),
        ("python=3.13t,platform=linux_x86_64", "a-1-cp39-abi3-manylinux_2_17_x86_64.whl", False),
    ],
)
def test_which_wheels_fit(text: str, wheel: str, fits: bool) -> None:
    assert parse_target(text).accepts_wheel(wheel) is fits


def test_what_is_left_out_comes_from_the_base() -> None:
    base = parse_target("python=3.12.4,platform=manylinux_2_28_aarch64")
    assert parse_target("python=3.12", base=base) == base
    older = parse_target("python=3.9", base=base)
    assert (older.python, older.platform) == ("3.9.0", "linux_aarch64")
    assert older.accepts_wheel("a-1-cp39-cp39-manylinux_2_28_aarch64.whl")
    assert not older.accepts_wheel("a-1-cp39-cp39-manylinux_2_34_aarch64.whl")
    moved = parse_target("platform=windows_x86_64", base=base)
    assert (moved.python, dict(moved.environment)["sys_platform"]) == ("3.12.4", "win32")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3.12",
        "python=",
        "python=4",
        "python=3",
        "platform=amiga",
        "python=3.12,python=3.11",
        "os=linux",
        "platform=\x1b[1m",
        "python=3.12,",
    ],
)
def test_what_is_no_target_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    assert caught.value.hint
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize(
    ("python", "abi", "expected"),
    [
        ((2, 7), Abi(), ["cp27mu"]),
        ((2, 7), Abi(wide_unicode=False), ["cp27m"]),
        ((3, 7), Abi(debug=True), ["cp37dm"]),
        ((3, 8), Abi(), ["cp38"]),
        ((3, 12), Abi(debug=True), ["cp312d", "cp312"]),
        ((3, 13), Abi(free_threaded=True), ["cp313t"]),
    ],
)
def test_abis_of_cpython(python: tuple[int, int], abi: Abi, expected: list[str]) -> None:
    assert cpython_abis(python, abi) == expected


def test_pypy() -> None:
    abi = Abi(extension_suffix=".pypy310-pp73-x86_64-linux-gnu.so")
    tags = wheel_tags("pypy", (3, 10), abi, Platform(system="linux_x86_64", glibc=(2, 17)))
    assert tags[0] == "pp310-pypy310_pp73-linux_x86_64"
    assert "pp3-none-any" in tags


def test_an_unknown_platform_has_its_own_tag_only() -> None:
    assert platform_tags(Platform(system="freebsd_14_amd64")) == ("freebsd_14_amd64",)


def test_32_bit_python_on_a_64_bit_system() -> None:
    facts = {
        "markers": {"implementation_name": "cpython", "python_full_version": "3.8.1"},
        "version_info": [3, 8, 1],
        "tags": {
            "platform": "linux-x86_64",
            "pointer_bits": 32,
            "c_library": "glibc",
            "c_library_version": "2.31",
            "config": {},
        },
    }
    assert target_of(facts, source="x").tags[1] == "cp38-cp38-manylinux_2_31_i686"


@pytest.mark.parametrize(
    "output",
    [
        "",
        "garbage",
        "<<<steadypin {} steadypin>>>",
        "<<<steadypin [1 steadypin>>>",
        "<<<steadypin " + "[" * 9999 + " steadypin>>>",
    ],
)
def test_an_interpreter_that_says_something_else_is_an_error(output: str) -> None:
    with pytest.raises(InterpreterError):
        parse_facts(output, origin="python")


def test_facts_of_the_right_shape_with_nonsense_in_them_are_an_error() -> None:
    facts: dict[str, object] = dict.fromkeys(("executable", "version", "prefix", "base_prefix"), "x")
    facts |= {
        "paths": [3],
        "site_folders": [],
        "standard_library": [],
        "externally_managed": False,
        "markers": {},
        "tags": {"platform": 4},
        "version_info": [],
    }
    with pytest.raises(InterpreterError, match="makes no sense"):
        interpreter_of("python", facts, source="x")


def test_a_base_without_tags_still_gives_its_platform() -> None:
    base = Target(python="3.11.2", platform="linux_x86_64", source="image")
    assert parse_target("python=3.10", base=base).platform == "linux_x86_64"
