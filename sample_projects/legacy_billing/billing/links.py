"""Signed links under which a customer sees and pays one invoice."""
from itsdangerous import BadSignature, SignatureExpired, TimedJSONWebSignatureSerializer

DAYS = 30


class BadLink(Exception):
    pass


def make(secret, number, seconds=DAYS * 24 * 3600):
    signer = TimedJSONWebSignatureSerializer(secret, expires_in=seconds)
    return signer.dumps({"invoice": number}).decode("ascii")


def read(secret, link):
    """The number of the invoice that the link is for."""
    try:
        return TimedJSONWebSignatureSerializer(secret).loads(link)["invoice"]
    except SignatureExpired:
        raise BadLink("the link is too old")
    except BadSignature:
        raise BadLink("the link is not ours")
