"""Templates into a page whose Content-Security-Policy admits its own style and script, and nothing else.

Every text that a template shows passes `steadypin.text.shown` (credentials hidden, control and bidi characters visible) and is
then escaped: no template can forget it.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from steadypin.reporters.html.links import anchor
from steadypin.text import shown

_FOLDER = files("steadypin.reporters.html") / "templates"


def render_page(template: str, page: object) -> str:
    """The HTML text, ending in one newline. `page` is what the template calls `page`."""
    text = _environment().get_template(template).render(page=page)
    return text.rstrip("\n") + "\n"


@cache
def _environment() -> Environment:
    sources = {item.name: item.read_text("utf-8") for item in _FOLDER.iterdir() if item.name.endswith((".html", ".css", ".js"))}
    environment = Environment(
        loader=DictLoader({name: text for name, text in sources.items() if name.endswith(".html")}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(anchor=anchor, prose=_prose)
    style, script = sources["style.css"].strip(), sources["script.js"].strip()
    environment.globals.update(
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'",
    )
    return environment


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _harmless(value: Any) -> Any:
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _prose(text: str) -> Markup:
    """A sentence in which `code` stands between backticks."""
    parts = shown(text).split("`")
    marked = [Markup("<code>{}</code>").format(part) if i % 2 else escape(part) for i, part in enumerate(parts)]
    return Markup("").join(marked) if len(parts) % 2 else escape(shown(text))
