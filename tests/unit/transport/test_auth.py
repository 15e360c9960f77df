from __future__ import annotations

import pytest

from steadypin.transport.auth import Login, login_for, origin, take_login


def test_credentials_are_taken_out_and_decoded() -> None:
    bare, login = take_login("https://us%20er:p%40:ss@index.example:8443/simple?x=1")
    assert bare == "https://index.example:8443/simple?x=1"
    assert login is not None
    assert (login.user, login.password) == ("us er", "p@:ss")
    assert "p@" not in repr(login)
    assert take_login("https://index.example/simple") == ("https://index.example/simple", None)


def test_a_login_is_for_its_origin_only_and_the_nearest_one_wins() -> None:
    outer, inner = (Login(prefix=f"https://h.example/{path}", user=path, password="") for path in ("a", "a/b"))
    logins = (outer, inner)
    assert login_for("https://h.example/a/b/flask/", logins) is inner
    assert login_for("https://h.example/a/flask/", logins) is outer
    assert login_for("https://h.example/files/x.whl", logins) is outer
    assert login_for("https://h.example:443/a/b", logins) is not None
    for other in ("https://h.example.evil/a/", "http://h.example/a/", "https://h.example:444/a/", "https://other.example/a/b/"):
        assert login_for(other, logins) is None


def test_an_origin_has_a_port() -> None:
    assert origin("HTTPS://H.example/x") == ("https", "h.example", 443)
    with pytest.raises(ValueError, match=r"(?i)port"):
        origin("https://h.example:99999/")
