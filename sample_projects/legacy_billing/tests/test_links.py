import pytest

from billing import links


def test_a_link_leads_to_its_invoice():
    assert links.read("secret", links.make("secret", "2022-17")) == "2022-17"


def test_a_link_of_another_is_refused():
    with pytest.raises(links.BadLink, match="not ours"):
        links.read("secret", links.make("other", "2022-17"))


def test_an_old_link_is_refused():
    with pytest.raises(links.BadLink, match="too old"):
        links.read("secret", links.make("secret", "2022-17", seconds=-1))
