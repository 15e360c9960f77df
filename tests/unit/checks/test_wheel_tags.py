"""Which wheels can be for an interpreter at all."""

from __future__ import annotations

import pytest

from steadypin.checks.wheel_tags import fits
from steadypin.values import replace
from tests.support.ledgers import LINUX_312

MAC = replace(LINUX_312, platform="macos_arm64")
ALPINE = replace(LINUX_312, platform="musllinux_x86_64")
PYPY = replace(LINUX_312, environment=(("implementation_name", "pypy"),))


@pytest.mark.parametrize(
    ("tag", "target", "may"),
    [
        ("py3-none-any", LINUX_312, True),
        ("py2.py3-none-any", LINUX_312, True),
        ("py2-none-any", LINUX_312, False),
        ("py313-none-any", LINUX_312, False),
        ("py310-none-any", LINUX_312, True),
        ("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", LINUX_312, True),
        ("cp312-cp312-linux_x86_64", LINUX_312, True),
        ("cp311-cp311-manylinux2014_x86_64", LINUX_312, False),
        ("cp39-abi3-manylinux2014_x86_64", LINUX_312, True),
        ("cp313-abi3-manylinux2014_x86_64", LINUX_312, False),
        ("cp312-cp312-musllinux_1_2_x86_64", LINUX_312, False),
        ("cp312-cp312-musllinux_1_2_x86_64", ALPINE, True),
        ("cp312-cp312-manylinux2014_x86_64", ALPINE, False),
        ("cp312-cp312-manylinux2014_aarch64", LINUX_312, False),
        ("cp312-cp312-win_amd64", LINUX_312, False),
        ("cp312-cp312-win_amd64", replace(LINUX_312, platform="windows_x86_64"), True),
        ("cp312-cp312-macosx_11_0_universal2", MAC, True),
        ("cp312-cp312-macosx_11_0_x86_64", MAC, False),
        ("cp311-cp311-manylinux2014_x86_64", PYPY, True),
        ("cp312-cp312-plan9_x86_64", LINUX_312, True),
        ("py3-none-manylinux2014_x86_64", LINUX_312, True),
        ("not a tag", LINUX_312, True),
    ],
)
def test_a_wheel_is_refused_on_evidence_alone(tag: str, target: object, may: bool) -> None:
    assert fits([tag], target) is may  # type: ignore[arg-type]
