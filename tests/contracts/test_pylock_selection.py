"""What applies of a pylock.toml is what the reference implementation of the standard selects."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.pylock import Pylock, PylockSelectError, PylockValidationError
from packaging.tags import Tag

from steadypin import toml
from steadypin.comparison.applicable import Selection, applicable
from steadypin.sources.reading import read_file
from steadypin.sources.targets import parse_target

FILES = sorted((Path(__file__).parents[1] / "data/lockfiles/files/pylock").glob("*.toml"))
TARGETS = ("python=3.12,platform=linux_x86_64", "python=3.13,platform=macos_arm64", "python=3.11.0,platform=windows_x86_64")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_same_packages_as_the_reference(path: Path, target: str) -> None:
    try:
        reference = Pylock.from_dict(toml.loads(path.read_text("utf-8")))
    except PylockValidationError as error:
        pytest.skip(f"the reference refuses this file: {error}")
    here = parse_target(target)
    extras, groups = frozenset(map(str, reference.extras or ())), frozenset(reference.dependency_groups or ())
    for chosen in (Selection(), Selection(extras=extras, groups=groups), Selection(groups=frozenset(sorted(groups)[:1]))):
        try:
            selected = reference.select(
                environment=dict(here.environment),
                tags=[Tag(*tag.split("-")) for tag in here.tags],
                extras=chosen.extras or None,
                dependency_groups=chosen.groups or None,
            )
            right = {str(package.name) for package, _ in selected}
        except PylockSelectError as error:
            pytest.skip(f"the reference finds nothing for this target: {error}")
        file = read_file(path, shown="pylock.toml", format="pylock")
        brought = {package.name for package in applicable(file, here, chosen).expected}
        assert brought == right, (chosen, sorted(brought ^ right))
