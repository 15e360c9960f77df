"""What `steadypin verify-image` says: for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from steadypin.codec import SCHEMA_VERSION, dumps
from steadypin.model.verdict import ImageDifference, ImageVerdict
from steadypin.text import shown

MOST = 30


def verdicts_json(verdicts: Sequence[ImageVerdict]) -> str:
    """The document: `equal` over all images, and each image with its differences."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "equal": not any(verdict.differences for verdict in verdicts),
        "images": [_image(verdict) for verdict in verdicts],
    }
    return dumps(document) + "\n"


def _image(verdict: ImageVerdict) -> dict[str, Any]:
    return {
        "image": verdict.image,
        "environment": verdict.environment,
        "python": verdict.python,
        "platform": verdict.platform,
        "locks": list(verdict.locks),
        "agree": verdict.equal,
        "differences": [
            {"name": item.name, "kind": item.kind, "locked": item.locked, "installed": item.found, "layer": item.layer}
            for item in verdict.differences
        ],
        "installers": _pairs(verdict.installers),
        "base": _pairs(verdict.base),
        "optional": _pairs(verdict.optional),
        "other_environments": list(verdict.others),
    }


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "version": version} for name, version in pairs]


def verdicts_text(verdicts: Sequence[ImageVerdict], *, quiet: bool = False, verbose: bool = False) -> str:
    """Differences first, each on a line of its own; then what is not counted."""
    return "".join(f"{line}\n" for verdict in verdicts for line in _lines(verdict, quiet=quiet, verbose=verbose))


def _lines(verdict: ImageVerdict, *, quiet: bool, verbose: bool) -> Iterator[str]:
    where = f"{shown(verdict.image)}:{shown(verdict.environment)} (Python {verdict.python}, {verdict.platform})"
    if not verdict.differences:
        yield f"equal: {verdict.equal} packages in {where} are as {', '.join(map(shown, verdict.locks))} says"
    else:
        yield f"differs: {len(verdict.differences)} of the packages in {where}; {verdict.equal} are as the lock says"
    yield from (f"  {_difference(item)}" for item in verdict.differences)
    if quiet:
        return
    for title, pairs in (
        ("left in, and not counted", verdict.installers),
        ("brought by the base image, and not counted", verdict.base),
        ("of groups or extras of the lock that were not asked for", verdict.optional),
    ):
        if pairs:
            rows = pairs if verbose else pairs[:MOST]
            more = f" and {len(pairs) - len(rows)} more" if len(rows) < len(pairs) else ""
            yield f"  {title}: {', '.join(f'{name} {shown(version)}' for name, version in rows)}{more}"
    if verdict.others:
        yield f"  other environments in the image: {', '.join(map(shown, verdict.others))} (choose with --in)"


def _difference(item: ImageDifference) -> str:
    brought = f"  [{shown(item.layer, 100)}]" if item.layer else ""
    if item.kind == "missing":
        return f"missing    {item.name}: the lock says {shown(item.locked or 'any version')}"
    if item.kind == "different":
        return (
            f"different  {item.name}: {shown(item.found or '?')} is there, the lock says {shown(item.locked or '?')}{brought}"
        )
    if item.kind == "extra":
        return f"extra      {item.name} {shown(item.found or '?')}: the lock does not have it{brought}"
    if item.kind == "double":
        return f"double     {item.name}: {shown(item.found or '?')} in one environment{brought}"
    return f"unreadable {item.name}: its metadata does not say which version it is{brought}"
