"""Tell people that their thing was found."""

import requests
from urllib3.util import Retry


def session():
    """A session that tries three times."""
    made = requests.Session()
    made.mount("https://", requests.adapters.HTTPAdapter(max_retries=Retry(total=3, backoff_factor=0.2)))
    return made


def tell(address, text, using=None):
    return (using or session()).post(address, json={"text": text}, timeout=5).ok
