"""Exchange rates of the day."""
from decimal import Decimal, InvalidOperation

import requests


class NoRate(Exception):
    pass


def rate(url, currency):
    """How much of `currency` one euro is."""
    try:
        answer = requests.get(url, params={"base": "EUR"}, timeout=5)
        answer.raise_for_status()
        return Decimal(str(answer.json()["rates"][currency]))
    except (requests.RequestException, ValueError, KeyError, InvalidOperation) as error:
        raise NoRate("%s: %s" % (currency, error.__class__.__name__))
