"""Hostile text made harmless: names, summaries and answers come from anybody."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")
# The look-behind keeps it linear: a scheme is tried once, at its first character, however long the text is.
_CREDENTIALS = r"(?<![A-Za-z0-9+.-])(?P<scheme>[A-Za-z0-9+.-]*://)[^/\s'\"<>]+@"
_TOKENS = re.compile(r"(?:gh[pousr]_|github_pat_|glpat-|pypi-AgE|xox[abp]-|AKIA)[A-Za-z0-9_-]{4,}")
_PARAMETERS = r"(?i)(?<=[?&])((?:access_)?token|api_?key|password|secret|sig(?:nature)?)=[^&\s'\"]+"
LIMIT = 500


def printable(text: str, limit: int = LIMIT) -> str:
    """The text on one line, without control, bidi or invisible characters (shown as \\x1b, \\u202e, …), cut at `limit`
    characters.
    """
    shown = _CONTROL.sub(_escape, text[: limit + 1])
    return shown if len(text) <= limit else shown[:limit] + "…"


def shown(text: str, limit: int = LIMIT) -> str:
    """How a text from anywhere is shown to people: redacted, then printable."""
    return printable(redact(text), limit)


def redact(text: str) -> str:
    """The text with credentials in URLs and well-known token shapes replaced by `****`. ${VARIABLES} stay as written."""
    if "://" in text:
        text = re.sub(_CREDENTIALS, _hide_login, text)
    if "=" in text:
        text = re.sub(_PARAMETERS, r"\1=****", text)
    return _TOKENS.sub("****", text)


def nearest(name: str, known: Iterable[str]) -> str:
    """The known word that a misspelt one is likely to mean, "" where none is near."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, list(known), n=1)), "")


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _hide_login(match: re.Match[str]) -> str:
    login = match[0][len(match["scheme"]) : -1]
    if login == "git" or re.fullmatch(r"(\$\{[A-Z0-9_]+\}:?)+", login):
        return match[0]
    return f"{match['scheme']}****@"
