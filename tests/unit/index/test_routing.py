"""Routing needs files to read; they are the only thing on disk here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from steadypin.errors import ConfigError, UsageError
from steadypin.index.pipconfig import configuration_files, read_pip_settings
from steadypin.index.routing import DEFAULT_INDEX, route

NO_FILES = {"PIP_CONFIG_FILE": os.devnull}


def test_without_any_word_it_is_the_default_index() -> None:
    found = route(environ=NO_FILES)
    assert (found.indexes, found.find_links, found.source) == ((DEFAULT_INDEX,), (), "default")


def test_the_environment_of_pip() -> None:
    found = route(
        environ={
            **NO_FILES,
            "PIP_INDEX_URL": "https://user:pa%40ss@index.example/simple/",
            "PIP_EXTRA_INDEX_URL": "https://more.example/simple file:///srv/simple",
            "PIP_FIND_LINKS": "wheels https://flat.example/",
            "PIP_TRUSTED_HOST": "more.example other.example:8443",
            "PIP_DEFAULT_TIMEOUT": "3",
            "PIP_RETRIES": "1",
            "PIP_CERT": "/etc/bundle.pem",
            "PIP_PROXY": "http://user:secret@proxy.example:3128",
        }
    )
    assert found.indexes == ("https://index.example/simple", "https://more.example/simple", "file:///srv/simple")
    assert found.find_links == ("wheels", "https://flat.example/")
    assert [(login.prefix, login.user, login.password) for login in found.logins] == [
        ("https://index.example/simple/", "user", "pa@ss")
    ]
    manners = found.manners
    assert (manners.read_timeout, manners.connect_timeout, manners.retries, manners.ca_bundle) == (
        3,
        3,
        1,
        str(Path("/etc/bundle.pem")),
    )
    assert manners.trusted_hosts == ("more.example", "other.example:8443")
    assert "secret" not in repr(found)
    assert "pa@ss" not in repr(found)


def test_an_index_option_stands_alone() -> None:
    environ = {**NO_FILES, "PIP_EXTRA_INDEX_URL": "https://more.example/simple", "PIP_FIND_LINKS": "x", "PIP_RETRIES": "0"}
    found = route(index_url="https://mine.example/simple", extra_index_urls=["https://too.example/"], environ=environ)
    assert found.indexes == ("https://mine.example/simple", "https://too.example")
    assert (found.find_links, found.source, found.manners.retries) == ((), "option", 0)


def test_an_extra_option_adds_to_the_configuration() -> None:
    assert route(extra_index_urls=["https://too.example/s"], environ=NO_FILES).indexes == (
        DEFAULT_INDEX,
        "https://too.example/s",
    )


def test_no_index_leaves_find_links() -> None:
    found = route(environ={**NO_FILES, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "wheels"})
    assert (found.indexes, found.find_links) == ((), ("wheels",))


def test_uv_users_without_pip_configuration() -> None:
    uv = {"UV_DEFAULT_INDEX": "https://uv.example/simple"}
    assert route(environ={**NO_FILES, **uv}).indexes == ("https://uv.example/simple",)
    assert route(environ={**NO_FILES, **uv, "PIP_INDEX_URL": "https://pip.example/"}).indexes == ("https://pip.example",)


@pytest.mark.parametrize(
    "url", ["", "index.example/simple", "ftp://index.example/", "https://", "https://[bad/", "https://h:port/"]
)
def test_not_an_index_url(url: str) -> None:
    with pytest.raises(UsageError):
        route(index_url=url, environ=NO_FILES)


def test_a_bad_url_does_not_show_its_credentials() -> None:
    with pytest.raises(UsageError) as caught:
        route(index_url="ftp://user:s3cret@index.example/", environ=NO_FILES)
    assert "s3cret" not in str(caught.value)


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _home(tmp_path: Path) -> dict[str, str]:
    home = str(tmp_path / "home")
    return {"HOME": home, "USERPROFILE": home, "XDG_CONFIG_DIRS": str(tmp_path / "xdg"), "PROGRAMDATA": str(tmp_path / "xdg")}


def test_files_and_sections_win_over_each_other_as_for_pip(tmp_path: Path) -> None:
    environ = _home(tmp_path)
    name = "pip.ini" if os.name == "nt" else "pip.conf"
    _write(
        tmp_path / "xdg" / "pip" / name, "[global]\nindex-url = https://machine.example/\nretries = 1\n[list]\ntimeout = 9\n"
    )
    user = configuration_files(environ)[-1]
    _write(
        user, "[global]\nindex_url = https://user.example/\nextra-index-url =\n    https://a.example/\n    https://b.example/\n"
    )
    _write(tmp_path / "env" / name, "[install]\nindex-url = https://env.example/\n[global]\ntimeout = 4\n")
    settings = read_pip_settings(environ)
    assert settings.index_url == "https://user.example/"
    assert settings.extra_index_urls == ("https://a.example/", "https://b.example/")
    assert (settings.retries, settings.timeout) == (1, 9)
    assert read_pip_settings(environ, tmp_path / "env").index_url == "https://env.example/"
    named = _write(
        tmp_path / "named.conf", "[global]\nindex-url = https://named.example/\n[download]\nproxy = http://not.ours/\n"
    )
    settings = read_pip_settings({**environ, "PIP_CONFIG_FILE": str(named)}, tmp_path / "env")
    assert (settings.index_url, settings.extra_index_urls, settings.proxy) == ("https://env.example/", (), None)
    assert read_pip_settings({**environ, "PIP_CONFIG_FILE": str(named)}).index_url == "https://named.example/"
    assert read_pip_settings({**environ, "PIP_INDEX_URL": "https://variable.example/"}).index_url == "https://variable.example/"


@pytest.mark.parametrize("text", ["index-url = x\n", "[global\n", "[https://user:s3cret@h/\n", "[global]\na=1\n[global]\n"])
def test_a_file_that_pip_refuses_is_named(tmp_path: Path, text: str) -> None:
    path = _write(tmp_path / "pip.conf", text)
    with pytest.raises(ConfigError) as caught:
        read_pip_settings({"PIP_CONFIG_FILE": str(path)})
    assert "pip.conf" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.hint


def test_odd_values_are_as_if_not_said(tmp_path: Path) -> None:
    environ = {**NO_FILES, "PIP_TIMEOUT": "soon", "PIP_RETRIES": "9" * 50, "PIP_INDEX_URL": "", "PIP_NO_INDEX": "maybe"}
    settings = read_pip_settings(environ)
    assert (settings.timeout, settings.retries, settings.index_url, settings.no_index) == (None, None, None, False)
