import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

PERMIT = {"plate": "hh-ab  123", "holder": "Ada Moreno", "zone": "A", "starts": "2024-01-31", "months": 1}


def ask(client, as_role, **changes):
    return client.post("/permits", json={**PERMIT, **changes}, headers=as_role("clerk"))


def test_a_token_is_refused_for_an_unknown_role(client):
    answer = client.post("/tokens", json={"name": "Kim", "role": "mayor"})
    assert answer.status_code == 422
    assert answer.json["fields"] == {"role": ["one of warden, clerk"]}


def test_zones_are_listed_in_order(client, as_role, zone):
    client.post("/zones", json={**zone, "code": "A1", "title": "Harbour"}, headers=as_role("clerk"))
    assert [row["code"] for row in client.get("/zones").json] == ["A", "A1"]


def test_a_zone_is_created_once(client, as_role, zone):
    assert client.post("/zones", json=zone, headers=as_role("clerk")).status_code == 409


def test_a_warden_creates_no_zone(client, as_role):
    answer = client.post("/zones", json={}, headers=as_role("warden"))
    assert (answer.status_code, answer.json["error"]) == (403, "only a clerk may do this")


def test_without_a_token_nothing_is_issued(client):
    assert client.post("/permits", json=PERMIT).status_code == 401


def test_a_forged_token_is_refused(client):
    answer = client.post("/permits", json=PERMIT, headers={"Authorization": "Bearer a.b.c"})
    assert (answer.status_code, answer.json["error"]) == (401, "the token is not valid")


def test_a_permit_is_issued_with_price_and_last_day(client, as_role, zone):
    answer = ask(client, as_role)
    assert answer.status_code == 201
    assert answer.json == {
        "number": 1, "plate": "HH-AB 123", "holder": "Ada Moreno", "zone": "A",
        "starts": "2024-01-31", "ends": "2024-02-28", "cents": 3000, "charge": None,
    }


def test_each_wrong_field_is_named(client, as_role, zone):
    answer = ask(client, as_role, plate="?", months=99, starts="soon")
    assert answer.status_code == 422
    assert sorted(answer.json["fields"]) == ["months", "plate", "starts"]
    assert answer.json["fields"]["plate"] == ["not a licence plate"]


def test_a_document_that_is_no_object_is_refused(client, as_role, zone):
    assert client.post("/permits", json=["no"], headers=as_role("clerk")).status_code == 422


def test_an_unknown_zone_is_not_found(client, as_role, zone):
    assert ask(client, as_role, zone="Z9").status_code == 404


def test_a_full_zone_says_so_until_a_permit_ends(client, as_role, zone):
    assert [ask(client, as_role).status_code for _ in range(3)] == [201, 201, 409]
    assert ask(client, as_role, starts="2024-02-29").status_code == 201


@pytest.mark.parametrize(("day", "found"), [("2024-01-30", 0), ("2024-01-31", 1), ("2024-02-28", 1), ("2024-02-29", 0)])
def test_a_warden_looks_a_plate_up(client, as_role, zone, day, found):
    ask(client, as_role)
    answer = client.get("/permits/valid", query_string={"plate": "HH-AB 123", "on": day}, headers=as_role("warden"))
    assert len(answer.json) == found


def test_the_day_must_be_a_date(client, as_role):
    answer = client.get("/permits/valid?on=today", headers=as_role("warden"))
    assert answer.json["fields"] == {"on": ["a date like 2024-10-21"]}


@pytest.fixture
def payments(app):
    """A payment service on loopback that counts what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"id": "ch_1"}')

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    app.config["PAYMENT_URL"] = f"http://127.0.0.1:{server.server_port}/charges"
    yield asked
    server.shutdown()
    server.server_close()


def test_a_permit_is_charged_once(client, as_role, zone, payments):
    ask(client, as_role)
    answers = [client.post("/permits/1/charge", headers=as_role("clerk")) for _ in range(2)]
    assert [answer.json["charge"] for answer in answers] == ["ch_1", "ch_1"]
    assert len(payments) == 1


def test_a_payment_service_that_is_down_is_a_bad_gateway(app, client, as_role, zone):
    app.config["PAYMENT_URL"] = "http://127.0.0.1:9/charges"
    ask(client, as_role)
    assert client.post("/permits/1/charge", headers=as_role("clerk")).status_code == 502
