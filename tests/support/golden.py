"""Texts that are kept as files: what people see, reviewed by eye, and held to the byte."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "terminal"


def hold(name: str, text: str) -> None:
    """Compare a text with its file; STEADYPIN_GOLDEN=write writes the file anew instead (look at the difference then)."""
    path = FOLDER / name
    if os.environ.get("STEADYPIN_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text("utf-8"), f"{name}: other than the file; STEADYPIN_GOLDEN=write writes it anew"
