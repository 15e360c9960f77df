import datetime
from decimal import Decimal

import jinja2
import pytest

from billing import documents

ORDER = {
    "number": "2022-17",
    "ordered": datetime.date(2022, 5, 20),
    "customer": "Livraria Alfa",
    "lines": [{"title": "Atlas", "quantity": 3, "price": Decimal("29.90")}],
    "net": Decimal("1089.70"),
}


def test_an_invoice():
    assert documents.invoice(ORDER).splitlines() == [
        "Livraria Alfa",
        "",
        "Invoice 2022-17 of 20.05.2022",
        "",
        "qty    title    price",
        "-----  -------  -------",
        "3      Atlas    29.90",
        "",
        "net EUR 1,089.70",
        "tax EUR 76.28",
        "due EUR 1,165.98 until 03.06.2022",
    ]


def test_a_missing_customer_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        documents.invoice({key: value for key, value in ORDER.items() if key != "customer"})
