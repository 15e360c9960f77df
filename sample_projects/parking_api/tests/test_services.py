from datetime import date, datetime, timedelta, timezone

import jwt
import pytest

from parking_api import services, tokens
from parking_api.models import Zone


@pytest.mark.parametrize(
    ("starts", "months", "ends"),
    [
        (date(2024, 1, 1), 1, date(2024, 1, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 27)),
        (date(2023, 12, 31), 2, date(2024, 2, 28)),
    ],
)
def test_last_day(starts, months, ends):
    assert services.last_day(starts, months) == ends


@pytest.mark.parametrize(("months", "cents"), [(1, 2999), (11, 32989), (12, 32389), (24, 64778)])
def test_price_has_a_discount_from_a_year_on(months, cents):
    assert services.price(Zone(cents_per_month=2999), months) == cents


def test_a_token_ends(app):
    with app.app_context():
        old = tokens.sign("Kim", "clerk", now=datetime.now(timezone.utc) - timedelta(hours=1))
        with pytest.raises(jwt.ExpiredSignatureError):
            jwt.decode(old, app.config["SECRET_KEY"], algorithms=["HS256"])
