import json
import threading
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from jose import jws

from billing import callbacks, rates


@pytest.fixture
def bank():
    """A bank on loopback; set `bank.answer` to what it says."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(server.answer)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.answer = b'{"rates": {"USD": 1.0713}}'
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    server.url = "http://127.0.0.1:%d/" % server.server_port
    yield server
    server.shutdown()
    server.server_close()


def test_a_rate(bank):
    assert rates.rate(bank.url, "USD") == Decimal("1.0713")


@pytest.mark.parametrize("answer", [b'{"rates": {}}', b"<html>", b'{"rates": {"USD": "soon"}}'])
def test_nonsense_is_no_rate(bank, answer):
    bank.answer = answer
    with pytest.raises(rates.NoRate):
        rates.rate(bank.url, "USD")


def signed(secret="secret", **document):
    return jws.sign(json.dumps(document).encode(), secret, algorithm="HS256")


def test_a_callback():
    assert callbacks.read("secret", signed(invoice="2022-17", state="paid")) == ("2022-17", "paid")


def test_a_forged_callback_is_refused():
    with pytest.raises(ValueError, match="signature"):
        callbacks.read("secret", signed("other", invoice="2022-17", state="paid"))


def test_a_callback_with_another_state_is_refused():
    with pytest.raises(ValueError, match="unknown state 'lost'"):
        callbacks.read("secret", signed(invoice="2022-17", state="lost"))
