import pytest

from parking_api import create_app


@pytest.fixture
def app():
    return create_app({"TESTING": True})


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def as_role(client):
    """Headers that carry a token of a role."""

    def headers(role):
        answer = client.post("/tokens", json={"name": "Kim", "role": role})
        return {"Authorization": f"Bearer {answer.json['token']}"}

    return headers


@pytest.fixture
def zone(client, as_role):
    """Zone A: 30 euros a month, two spaces."""
    document = {"code": "A", "title": "Old town", "cents_per_month": 3000, "spaces": 2}
    assert client.post("/zones", json=document, headers=as_role("clerk")).status_code == 201
    return document
