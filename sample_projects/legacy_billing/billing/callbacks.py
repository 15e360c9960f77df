"""The payment provider calls back; what it says is signed."""
import json

from jose import jws
from jose.exceptions import JWSError

STATES = ("paid", "refused")


def read(secret, body):
    """(number of the invoice, state); raises ValueError for anything that the provider did not sign."""
    try:
        document = json.loads(jws.verify(body, secret, algorithms=["HS256"]))
    except JWSError:
        raise ValueError("the signature is wrong")
    if document.get("state") not in STATES:
        raise ValueError("unknown state %r" % document.get("state"))
    return document["invoice"], document["state"]
