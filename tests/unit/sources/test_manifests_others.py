"""The manifests beside pyproject.toml. The examples are files of tests/data/manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadypin.errors import SourceError
from steadypin.model.locked import SourceFile
from steadypin.sources.manifests import READERS
from steadypin.sources.manifests.dockerfile import read_dockerfile
from steadypin.sources.manifests.ini import read_options
from steadypin.sources.manifests.noxfile import read_noxfile
from steadypin.sources.manifests.pipfile import read_pipfile
from steadypin.sources.manifests.pre_commit import read_pre_commit
from steadypin.sources.manifests.script import read_script
from steadypin.sources.manifests.setup_cfg import read_setup_cfg
from steadypin.sources.manifests.setup_py import read_setup_py
from steadypin.sources.manifests.shell import commands
from steadypin.sources.manifests.tox import read_tox_ini
from steadypin.sources.manifests.workflow import read_workflow

DATA = Path(__file__).parents[2] / "data" / "manifests"


def example(name: str) -> bytes:
    return (DATA / f"{name}.txt").read_bytes()


def lines(file: SourceFile) -> list[tuple[int | None, str]]:
    return [(entry.location.line, entry.requirement) for entry in file.declared]


def problems(file: SourceFile) -> list[tuple[int | None, str]]:
    return [(problem.location.line, problem.message) for problem in file.problems]


def test_dockerfile() -> None:
    file = read_dockerfile(example("Dockerfile"), "Dockerfile")
    assert lines(file) == [
        (5, "poetry==1.8.3"),
        (7, "gunicorn"),
        (7, "uvicorn[standard]==0.30.1"),
        (8, "flask"),
        (9, "idna==3.10"),
        (12, "attrs"),
        (13, "httpie"),
        (13, "ruff"),
        (15, "foo @ https://h.example/a/foo-1.0-py3-none-any.whl"),
    ]
    assert problems(file) == [
        (8, "> without quotes is a redirection: the version '=2' is not asked for"),
        (9, "what is installed is known only when this runs: $UNKNOWN"),
    ]
    assert {entry.kind for entry in file.declared} == {"tool"}
    assert [(include.path, include.location.line) for include in file.includes] == [("requirements.txt", 8)]
    assert file.index_urls == ("https://****@x.example/simple",)


def test_workflow() -> None:
    file = read_workflow(example("ci.yml"), "ci.yml")
    assert lines(file) == [(6, "tox==4.1"), (9, "pip"), (10, "pytest"), (12, "black"), (14, "six")]
    assert [line for line, _ in problems(file)] == [10, 10, 14, 14, 14]
    assert all(problem.unknown for problem in file.problems[:4])
    assert {entry.group for entry in file.declared} == {"workflow:test"}


def test_pre_commit() -> None:
    file = read_pre_commit(example("pre-commit-config.yaml"), ".pre-commit-config.yaml")
    assert [(e.location.line, e.requirement, e.group) for e in file.declared] == [
        (3, "black==24.1.0", "pre-commit"),
        (6, "ruff==0.5.0", "pre-commit"),
        (10, "mypy==1.10.0", "pre-commit"),
        (14, "types-requests", "pre-commit:mypy"),
        (15, "pydantic==2.0", "pre-commit:mypy"),
    ]
    assert not file.problems


def test_tox() -> None:
    file = read_tox_ini(example("tox.ini"), "tox.ini")
    assert [(e.location.line, e.requirement, e.group) for e in file.declared] == [
        (2, "tox>=4", "tox"),
        (6, "pytest>=3", "tox"),
        (7, "mock", "tox"),
        (12, "black==23.1", "tox"),
        (14, "sphinx", "tox:docs"),
    ]
    assert [include.path for include in file.includes] == ["requirements.txt"]
    assert problems(file) == [(10, "what is installed is known only when this runs: django{env:V:}")]


def test_noxfile() -> None:
    file = read_noxfile(example("noxfile.py"), "noxfile.py")
    assert lines(file) == [(2, "pytest"), (6, "black==24.1")]
    assert problems(file) == [(6, "what is installed is known only when nox runs: f'django=={session.v}'")]
    assert [package.kind for package in file.packages if package.name is None] == ["editable"]


def test_pipfile() -> None:
    file = read_pipfile(example("Pipfile"), "Pipfile")
    assert [(e.requirement, e.group, e.editable) for e in file.declared] == [
        ("requests", None, False),
        ("flask[async]>=2; python_version < '3.9' and sys_platform == 'win32'", None, False),
        ("foo @ git+https://g.example/foo.git@main", None, True),
        ("bar==1.0", None, False),
        ("baz", "develop", True),
        ("sphinx~=4.0", "docs", False),
    ]
    assert file.requires_python == "==3.11.*"


def test_setup_cfg() -> None:
    file = read_setup_cfg(example("setup.cfg"), "setup.cfg")
    assert [(e.requirement, e.extra) for e in file.declared] == [
        ("requests", None),
        ('attrs==1.0; python_version < "3"', None),
        ("pytest", "dev"),
    ]
    assert [(include.kind, include.path) for include in file.includes] == [("requirements", "reqs.txt")]
    assert (file.project_name, file.requires_python) == ("leg", ">=3.6")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("install_requires = a; b>1", ["a", "b>1"]),
        ("install_requires = a; os_name == 'nt'", ["a; os_name == 'nt'"]),
        ("install_requires =\n  a; os_name == 'nt'\n  b # why", ["a; os_name == 'nt'", "b"]),
        ("install_requires = attr: x.y", []),
    ],
)
def test_lists_of_setup_cfg(text: str, found: list[str]) -> None:
    file = read_setup_cfg(f"[options]\n{text}\n".encode(), "setup.cfg")
    assert [entry.requirement for entry in file.declared] == found


def test_setup_py() -> None:
    file = read_setup_py(example("setup.py"), "setup.py")
    assert [(e.location.line, e.requirement, e.extra) for e in file.declared] == [
        (2, "requests>=2", None),
        (2, "requests>=2", "dev"),
        (2, "six==1.16", None),
        (2, "six==1.16", "dev"),
        (3, "pytest", "dev"),
        (3, "enum34; python_version<'3'", None),
        (5, "x", None),
    ]
    assert problems(file) == [(5, "tests_require is known only when setup.py runs: reqs('requirements-t.txt')")]
    assert (file.project_name, file.requires_python) == ("leg", ">=3")


@pytest.mark.parametrize(
    ("text", "found", "unknown"),
    [
        ("setup(install_requires='a\\nb # why\\n# no\\n')", ["a", "b"], 0),
        ("words = {'install_requires': ['a'], 'extras_require': {'x': read()}}\nsetup(**words)", ["a"], 1),
        ("A = ['a']\nA.append('b')\nsetup(install_requires=A)", [], 1),
        ("A = ['a']\nA += ['b']\nsetup(install_requires=A)", [], 1),
        ("A = ['a']\nif X:\n  A = []\nsetup(install_requires=A)", [], 1),
        ("A = B\nB = A\nsetup(install_requires=A)", [], 1),
        ("for A in x: pass\nsetup(install_requires=A)", [], 1),
        ("setuptools.setup(install_requires=('a', *['b']))", ["a", "b"], 0),
        ("setup(install_requires=open('r.txt').readlines())", [], 1),
        ("import os\nos.system('touch owned')\nsetup(install_requires=[__import__('os').getcwd()])", [], 1),
    ],
)
def test_setup_py_is_read_and_never_guessed(text: str, found: list[str], unknown: int) -> None:
    file = read_setup_py(text.encode(), "setup.py")
    assert [entry.requirement for entry in file.declared] == found
    assert len(file.problems) == unknown


def test_python_2_is_an_error_with_a_line() -> None:
    with pytest.raises(SourceError, match="not Python 3") as caught:
        read_setup_py(b"x = 1\nprint 'x'\n", "setup.py")
    assert caught.value.location.line == 2


def test_script() -> None:
    file = read_script(example("tool.py"), "tool.py")
    assert [(e.location.line, e.location.column, e.requirement) for e in file.declared] == [
        (5, 5, "rich"),
        (6, 5, "httpx==0.27"),
    ]
    assert file.requires_python == ">=3.11"


@pytest.mark.parametrize(
    "text",
    [
        "print()\n",
        "# /// script\n# dependencies = []\nprint()\n",
        "# /// script\n# ///\n\n# /// script\n# ///\n",
        "# /// script\n# dependencies = [\n# ///\n",
    ],
)
def test_scripts_without_sound_metadata_are_errors(text: str) -> None:
    with pytest.raises(SourceError):
        read_script(text.encode(), "tool.py")


def test_a_script_block_may_hold_a_closing_mark_as_a_comment() -> None:
    text = "# /// script\n# dependencies = ['a']\n# [tool.x]\n# ///\n# k = 1\n# ///\n"
    with pytest.raises(SourceError, match="TOML"):  # PEP 723: the last closing line ends the block
        read_script(text.encode(), "tool.py")


def test_options_of_an_ini_file_keep_their_lines() -> None:
    options = {f"{o.section}.{o.name}": o.lines for o in read_options("[a]\nx = 1\n  2\n; no\n\n  3\ny: z=1\n[b]\nempty =\n")}
    assert options == {"a.x": [(2, "1"), (3, "2"), (6, "3")], "a.y": [(7, "z=1")], "b.empty": []}


def test_shell_words_keep_their_lines() -> None:
    script = 'a \'b c\' "d\\"e" \\\n f#g # comment ; pip\nx=1;y&&z | w\n'
    words = [[(word.text, word.line) for word in command] for command in commands(script, 10) if command]
    assert words == [
        [("a", 10), ("b c", 10), ('d"e', 10), ("f#g", 11)],
        [("x=1", 12)],
        [("y", 12)],
        [("z", 12)],
        [("w", 12)],
    ]


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("pip install a", ["a"]),
        ("sudo -H pip3.12 install --upgrade a", ["a"]),
        ("/opt/venv/bin/pip --quiet install -c pins.txt --target /x a", ["a"]),
        ("python -m pip install a==1", ["a==1"]),
        ("uv pip install --system a", ["a"]),
        ("uv tool install a", ["a"]),
        ("pipx install a", ["a"]),
        ("pip download a", []),
        ("apt-get install python3-pip", []),
        ("pip uninstall -y a", []),
        ("echo pip install", []),
        ("pip install -r requirements.txt", []),
        ("if true; then pip install 'a>=1' \"b[c]<2\"; fi", ["a>=1", "b[c]<2"]),
        ("(pip install a)", ["a"]),
    ],
)
def test_commands_that_install(command: str, found: list[str]) -> None:
    file = read_dockerfile(f"FROM x\nRUN {command}\n".encode(), "Dockerfile")
    assert [entry.requirement for entry in file.declared] == found


def test_every_reader_is_visible_once() -> None:
    formats = [reader.format for reader in READERS]
    assert len(formats) == len(set(formats))
