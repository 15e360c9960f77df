"""Raising one cap of a manifest changes its specifier and no other byte, in whatever format and style the file is written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadypin.errors import SourceError
from steadypin.locking.manifests import FORMATS, with_cap
from steadypin.model.declared import DeclaredRequirement
from steadypin.sources.reading import reader_of

REQUIREMENTS = """\
# django<5 is what we run
--index-url https://index.example/simple
Django [argon2] >=4.2, <5 ; python_version >= "3.8"  # django<5: see the ticket
django-filter<5
zope.interface~=5.0
"""
PYPROJECT = """\
[project]
name = "demo"   # "django<5"
dependencies = ["django-filter<5", 'Django[argon2]>=4.2,<5; python_version >= "3.8"',
  "requests == 2.*",
]
optional-dependencies.late = [ "django<5" ]

[dependency-groups]
dev = ["django<5", {include-group = "lint"}]
lint = ["ruff<0.5"]

[tool.poetry.dependencies]
python = "^3.9"
flask = "^2.2"
click = { version = "^8.0", extras = ["x"] }   # "^8.0"
numpy = [{version = "<1.25", python = "<3.10"}, {version = "<1.25", python = ">=3.10"}]

[tool.poetry.group.test.dependencies.pytest]
version = '~7.4'
"""
PIPFILE = """\
[packages]
django = "<5"
"zope.interface" = {version = "~=5.0", extras = ["test"]}
[dev-packages]
django = "<5"
pytest = "==7.4.*"
"""
SETUP_CFG = """\
[options]
install_requires =
    django>=4.2,<5   # django<5
    zope.interface~=5.0; python_version > "3.8"
[options.extras_require]
late = django<5
"""

# file, name, which of the declarations of that name, version; the line before and after
CASES = [
    ("requirements.in", "django", 0, "5.2.1", ">=4.2, <5 ;", ">=4.2, <6 ;"),
    ("requirements.in", "zope-interface", 0, "7.1", "~=5.0", "~=7.1"),
    ("pyproject.toml", "django", 0, "5.2.1", "Django[argon2]>=4.2,<5;", "Django[argon2]>=4.2,<6;"),
    ("pyproject.toml", "django", 1, "5.2.1", 'late = [ "django<5" ]', 'late = [ "django<6" ]'),
    ("pyproject.toml", "django", 2, "5.2.1", 'dev = ["django<5"', 'dev = ["django<6"'),
    ("pyproject.toml", "requests", 0, "3.0.1", "requests == 2.*", "requests == 3.*"),
    ("pyproject.toml", "ruff", 0, "0.14.2", "ruff<0.5", "ruff<0.15"),
    ("pyproject.toml", "flask", 0, "3.1.2", 'flask = "^2.2"', 'flask = "^3.1"'),
    ("pyproject.toml", "click", 0, "9.3", 'version = "^8.0", extras', 'version = "^9.3", extras'),
    ("pyproject.toml", "numpy", 1, "2.3.1", '"<1.25", python = ">=3.10"', '"<2.4", python = ">=3.10"'),
    ("pyproject.toml", "pytest", 0, "8.4", "version = '~7.4'", "version = '~8.4'"),
    ("Pipfile", "django", 0, "5.2.1", '[packages]\ndjango = "<5"', '[packages]\ndjango = "<6"'),
    ("Pipfile", "django", 1, "5.2.1", '[dev-packages]\ndjango = "<5"', '[dev-packages]\ndjango = "<6"'),
    ("Pipfile", "zope-interface", 0, "7.1", "~=5.0", "~=7.1"),
    ("Pipfile", "pytest", 0, "8.4.2", "==7.4.*", "==8.4.*"),
    ("setup.cfg", "django", 0, "5.2.1", "django>=4.2,<5 ", "django>=4.2,<6 "),
    ("setup.cfg", "django", 1, "5.2.1", "late = django<5", "late = django<6"),
]
TEXTS = {"requirements.in": REQUIREMENTS, "pyproject.toml": PYPROJECT, "Pipfile": PIPFILE, "setup.cfg": SETUP_CFG}


def read(path: str, data: bytes) -> tuple[DeclaredRequirement, ...]:
    reader = reader_of(path)
    assert reader is not None and reader.format in FORMATS
    try:
        return reader.read(data, path).declared
    except SourceError:
        return ()


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    ("path", "name", "number", "version", "before", "after"), CASES, ids=[f"{path}-{name}-{n}" for path, name, n, *_ in CASES]
)
def test_only_the_letters_of_the_specifier_change(
    path: str, name: str, number: int, version: str, before: str, after: str, ending: str
) -> None:
    text, before, after = (part.replace("\n", ending) for part in (TEXTS[path], before, after))
    item = [item for item in read(path, text.encode()) if item.name == name][number]
    assert text.count(before) == 1
    done = with_cap(text.encode(), item, version, lambda data: read(path, data))
    assert done is not None and done[0].decode() == text.replace(before, after)
    assert (done[1].name, done[1].group, done[1].extra) == (name, item.group, item.extra)


@pytest.mark.parametrize("line", ["django!=5.2", "django @ https://files.example/django.zip", "django>=6", "django"])
def test_what_is_no_cap_is_left_alone(line: str) -> None:
    data = f"{line}\n".encode()
    (item,) = read("requirements.in", data)
    assert with_cap(data, item, "5.2", lambda data: read("requirements.in", data)) is None


def test_a_file_that_has_changed_is_left_alone() -> None:
    (item,) = read("requirements.in", b"django<5\n")
    for now in (b"flask<5\n", b"django<4\n", b"# django<5\n", b"", b"\xff\xfe"):
        assert with_cap(now, item, "5.2", lambda data: read("requirements.in", data)) is None
    moved = replace(item, location=replace(item.location, line=7))
    assert with_cap(b"django<5\n", moved, "5.2", lambda data: read("requirements.in", data)) is None


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_no_other_declaration_is_read_differently_afterwards(path: str, data: st.DataObject) -> None:
    text = TEXTS[path].encode()
    before = read(path, text)
    item = data.draw(st.sampled_from(before))
    done = with_cap(text, item, "99.1", lambda data: read(path, data))
    if done is None:
        return
    after = read(path, done[0])
    assert [(a.name, a.group, a.extra) for a in after] == [(b.name, b.group, b.extra) for b in before]
    changed = [a for a, b in zip(after, before, strict=True) if a.requirement != b.requirement]
    assert {one.name for one in changed} == {item.name}
