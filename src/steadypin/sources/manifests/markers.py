"""Requirement texts put together (PEP 508)."""

from __future__ import annotations


def both(first: str, second: str) -> str:
    """Two markers joined by `and`; "" is no marker."""
    if not first or not second:
        return first or second
    return " and ".join(f"({part})" if " or " in part else part for part in (first, second))


def pep508(name: str, *, extras: tuple[str, ...] = (), specifier: str = "", url: str | None = None, marker: str = "") -> str:
    """One requirement; with a `url` the specifier is left out, because PEP 508 has no room for both."""
    shown = f"{name}[{','.join(extras)}]" if extras else name
    shown += f" @ {url}" if url else specifier
    if not marker:
        return shown
    return f"{shown} ; {marker}" if url else f"{shown}; {marker}"
