import datetime
from decimal import Decimal

import pytest
from marshmallow import ValidationError

from billing import orders

TODAY = datetime.date(2022, 6, 1)


def order(**changes):
    document = {
        "number": "2022-17",
        "ordered": "2022-05-20",
        "customer": "Livraria Alfa",
        "vat_id": "PT 501 964 843",
        "lines": [{"title": "Atlas", "quantity": 3, "price": "29.90"}, {"title": "Map", "quantity": 1, "price": "7.5"}],
        "coupon": "ignored",
    }
    document.update(changes)
    return document


def test_the_net_total():
    assert orders.read(order(), TODAY)["net"] == Decimal("97.20")


def test_unknown_fields_are_left_out():
    assert "coupon" not in orders.read(order(), TODAY)


def test_an_order_of_tomorrow_is_refused():
    with pytest.raises(ValidationError) as caught:
        orders.read(order(ordered="2022-06-02"), TODAY)
    assert caught.value.messages == {"ordered": ["lies in the future"]}


def test_a_wrong_vat_number_is_refused():
    with pytest.raises(ValidationError) as caught:
        orders.read(order(vat_id="PT 501 964 844"), TODAY)
    assert caught.value.messages == {"vat_id": ["not a VAT number"]}


def test_an_order_without_lines_is_refused():
    with pytest.raises(ValidationError):
        orders.read(order(lines=[]), TODAY)


@pytest.mark.parametrize("net, expected", [("97.20", "6.80"), ("0.50", "0.04"), ("0", "0.00")])
def test_tax(net, expected):
    assert orders.tax(Decimal(net)) == Decimal(expected)
