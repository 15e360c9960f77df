"""The ways to an index: certificates and proxies, with real ones."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from steadypin.index.client import Answers, IndexClient
from steadypin.index.routing import Routing
from steadypin.transport.session import Manners
from tests.support.index_server import Closed, NeedsLogin, RedirectsTo, Rel, TestIndex

QUICK = Manners(connect_timeout=2, read_timeout=2, deadline=4, retries=0)
WORLD = {"demo": [Rel("1.0")]}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and its own self-signed certificate for 127.0.0.1, in one PEM file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    words = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    made = subprocess.run(
        [openssl, *words, "-keyout", folder / "key", "-out", folder / "cert"], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("this openssl cannot make a certificate for an address")
    both = folder / "both.pem"
    both.write_bytes((folder / "key").read_bytes() + (folder / "cert").read_bytes())
    return both


def ask(url: str, manners: Manners) -> Answers:
    with IndexClient(Routing(indexes=(url,), manners=manners)) as client:
        return client.ask(["demo"])


def reasons(answers: Answers) -> list[str]:
    return [gap.reason for gap in answers.gaps]


def test_an_unknown_certificate_is_refused(certificate: Path) -> None:
    with TestIndex(WORLD, tls=certificate) as index:
        answers = ask(index.url, QUICK)
        assert index.total == 0
    assert (answers.projects, reasons(answers)) == ((), ["tls"])
    assert "not secure" in answers.gaps[0].detail


def test_a_certificate_for_another_host_is_refused(certificate: Path) -> None:
    with TestIndex(WORLD, tls=certificate) as index:
        manners = replace(QUICK, ca_bundle=str(certificate))
        assert reasons(ask(index.url.replace("127.0.0.1", "localhost"), manners)) == ["tls"]


def test_a_bundle_of_the_configuration_or_the_environment_is_used(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TestIndex(WORLD, tls=certificate) as index:
        assert ask(index.url, replace(QUICK, ca_bundle=str(certificate))).projects
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.delenv(name, raising=False)
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(name, str(certificate))
            assert ask(index.url, QUICK).projects
            monkeypatch.delenv(name)
        assert reasons(ask(index.url, QUICK)) == ["tls"]


def test_a_bundle_that_is_not_there_is_a_gap_that_says_so(certificate: Path) -> None:
    with TestIndex(WORLD, tls=certificate) as index:
        answers = ask(index.url, replace(QUICK, ca_bundle=str(certificate.with_name("missing.pem"))))
    assert reasons(answers) == ["tls"]
    assert "CA bundle" in answers.gaps[0].detail


def test_a_trusted_host_is_not_verified_and_no_other_one_is_trusted_by_that(certificate: Path) -> None:
    with TestIndex(WORLD, tls=certificate) as trusted, TestIndex(WORLD, tls=certificate) as other:
        for name in ("127.0.0.1", trusted.root.removeprefix("https://")):
            assert ask(trusted.url, replace(QUICK, trusted_hosts=(name,))).projects
        trusted.faults["demo"] = RedirectsTo(f"{other.url.replace('127.0.0.1', 'localhost')}/demo/")
        assert reasons(ask(trusted.url, replace(QUICK, trusted_hosts=("127.0.0.1",)))) == ["tls"]
        assert other.total == 0


def test_a_configured_proxy_is_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with TestIndex(WORLD) as proxy:
        manners = replace(QUICK, proxy=proxy.root, trusted_hosts=("index.example",))
        assert ask("http://index.example/simple", manners).projects
        proxy.faults["demo"] = Closed()
        assert reasons(ask("http://index.example/simple", manners))[0] in {"connection", "proxy"}


def test_the_proxy_of_the_environment_is_the_way_but_not_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with TestIndex(WORLD) as proxy, TestIndex(WORLD) as index:
        monkeypatch.setenv("http_proxy", proxy.root)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert ask("http://index.example/simple", replace(QUICK, trusted_hosts=("index.example",))).projects
        assert ask(index.url, QUICK).projects
        assert (proxy.total, index.total) == (1, 1)


def test_credentials_of_netrc_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with TestIndex(WORLD, login=NeedsLogin()) as index:
        assert ask(index.url, QUICK).projects


def test_a_proxy_that_is_not_there() -> None:
    answers = ask("https://index.example/simple", replace(QUICK, proxy="http://user:s3cret@127.0.0.1:9"))
    assert reasons(answers) == ["proxy"]
    assert "s3cret" not in repr(answers)
