import pytest

from lost_property import create_app
from lost_property.matching import Matcher
from lost_property.nightly import days, label
from lost_property.notify import session
from lost_property.uploads import file_name


@pytest.fixture
def client():
    return create_app().test_client()


def test_a_found_thing_is_matched(client):
    assert client.post("/found", json={"description": "green umbrella"}).status_code == 201
    client.post("/found", json={"description": "black umbrella"})
    answer = client.get("/lost", query_string={"description": "I lost my green umbrella"})
    assert answer.get_json() == {"matches": ["green umbrella", "black umbrella"]}


def test_nothing_matches_where_nothing_was_found():
    assert Matcher().matches("a hat") == []


@pytest.mark.parametrize("header", ['attachment; filename="C:\\photos\\hat.jpg"', "attachment; filename=hat.jpg"])
def test_the_name_of_a_photo_has_no_folder(header):
    assert file_name(header).endswith("hat.jpg")
    assert "\\" not in file_name(header)


def test_a_photo_is_named(client):
    answer = client.post("/photo", headers={"X-Photo": "attachment; filename=../../etc/hat.jpg"})
    assert answer.get_json() == {"name": "hat.jpg"}


def test_notifications_are_tried_again():
    assert session().get_adapter("https://example.com").max_retries.total == 3


def test_the_nightly_job_reads_its_options():
    assert days() == 90
    assert days(["--days=30"]) == 30


def test_a_label_has_the_number():
    assert "17" in label(17)
