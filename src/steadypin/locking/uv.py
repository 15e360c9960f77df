"""uv.lock, through uv itself: it is asked for exactly the tested versions, in a folder that is not the project's."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from steadypin import process
from steadypin.errors import CommandError

TIMEOUT = 600.0


def relock(
    command: Sequence[str], folder: Path, versions: Mapping[str, str], *, variables: Mapping[str, str], offline: bool = False
) -> bytes:
    """The new uv.lock of the project copied to `folder`, with these packages at these versions. Raises CommandError."""
    asked = [word for name, version in sorted(versions.items()) for word in ("--upgrade-package", f"{name}=={version}")]
    keep = [name for name in os.environ if name.startswith(("UV_", "NETRC"))]
    done = process.run(
        [*command, "lock", *asked, *(["--offline"] if offline else [])],
        timeout=TIMEOUT,
        cwd=folder,
        environment=process.scrubbed_environment(keep=keep, extra={**variables, "NO_COLOR": "1"}),
    )
    if not done.ok:
        raise CommandError(
            f"uv cannot lock the tested versions: {done.stderr.strip()[-800:]}",
            output=done.stderr,
            hint="the lock covers other platforms and Pythons as well; move it by hand with uv lock --upgrade-package",
        )
    return (folder / "uv.lock").read_bytes()
