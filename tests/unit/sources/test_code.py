"""What code imports and what installed files provide, by reading alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from steadypin.sources.code_imports import read_code
from steadypin.sources.import_names import module_names
from tests.support.projects import write_tree


def test_imports_with_their_first_place(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "app/__init__.py": "import os, yaml\nfrom app.models import X\nfrom google.cloud import storage\n",
            "app/models.py": "from . import nothing\nimport helpers\n",
            "app/helpers.py": "",
            "app/late.py": "def f():\n    import requests.adapters\n",
            "tests/test_app.py": "import pytest, yaml\n",
            "setup_broken.py": "def (:\n",
            ".venv/pyvenv.cfg": "",
            ".venv/lib/x.py": "import hidden\n",
            "env2/pyvenv.cfg": "",
            "env2/y.py": "import hidden\n",
        },
    )
    found = {item.name: item for item in read_code(tmp_path).imports}
    assert set(found) == {"yaml", "google.cloud.storage", "requests.adapters", "pytest"}
    assert (found["yaml"].location.path, found["yaml"].location.line, found["yaml"].tests) == ("app/__init__.py", 1, False)
    assert found["pytest"].tests


@pytest.mark.parametrize(
    ("text", "optional"),
    [
        ("try:\n    import simplejson\nexcept ImportError:\n    simplejson = None\n", True),
        ("try:\n    import json5\nexcept (ValueError, ModuleNotFoundError):\n    import simplejson\n", True),
        ("try:\n    import simplejson\nexcept ValueError:\n    pass\n", False),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import simplejson\n", True),
        ("import simplejson\ntry:\n    import simplejson\nexcept ImportError:\n    pass\n", False),
    ],
)
def test_an_import_that_may_fail(tmp_path: Path, text: str, optional: bool) -> None:
    write_tree(tmp_path, {"a.py": text})
    assert {item.name: item.optional for item in read_code(tmp_path).imports}["simplejson"] is optional


def test_names_in_settings_and_start_files(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "settings.py": 'APPS = ["rest_framework.authtoken", "a sentence. of words"]\nURL = "psycopg2+x://"\n',
            "Procfile": "# uvicorn\nweb: gunicorn app:app\n",
        },
    )
    mentions = read_code(tmp_path).mentions
    assert {"rest_framework", "psycopg2", "gunicorn"} <= mentions and "uvicorn" not in mentions


def test_modules_of_installed_files() -> None:
    files = [
        "six.py",
        "_yaml.cpython-312-x86_64-linux-gnu.so",
        "pkg/__init__.py",
        "pkg/deep/__init__.py",
        "google/cloud/storage/__init__.py",
        "ns/only/module.py",
        "../../bin/tool.py",
        "x-1.0.dist-info/METADATA",
        "x.libs/libz.so",
        "pkg/__pycache__/a.cpython-312.pyc",
    ]
    assert module_names(files) == {"six", "_yaml", "pkg", "google.cloud.storage", "ns.only.module"}
