"""A new requirements file: exact pins, hashes, and why each is there. pip, uv and pip-tools read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from steadypin.model.installed import DirectUrl
from steadypin.model.pins import DEVELOPMENT, DIRECT, LEFTOVER, TRANSITIVE, PinnedLock, PinnedPackage
from steadypin.text import shown

_TITLES = (
    (DIRECT, "What the project asks for."),
    (TRANSITIVE, "What those need."),
    (DEVELOPMENT, "For development only."),
    (LEFTOVER, "Left over: nothing seems to need these; taken in because that was asked for."),
)


def render_requirements(lock: PinnedLock) -> str:
    """The text. Packages that pip cannot hash (version control) are not in it: see `render_unhashed`."""
    lines = [f"# {shown(sentence)}" for sentence in lock.header]
    for role, title in _TITLES:
        entries = [package for package in lock.packages if package.role == role and not _is_unhashed(package)]
        if entries:
            lines += ["", f"# --- {title}", ""]
            for package in entries:
                lines += _entry(package)
    lines += _apart(lock)
    return "\n".join(lines) + "\n"


def render_unhashed(lock: PinnedLock) -> str:
    """What comes from version control, at its commits, for `pip install --no-deps -r`; "" where there is none."""
    entries = [package for package in lock.packages if _is_unhashed(package)]
    if not entries:
        return ""
    lines = [
        "# From version control, at the commit that runs. A commit id names its content, so there is no hash to check.",
        "# Install after the hashed lock: pip install --no-deps -r THIS_FILE",
    ]
    return "\n".join([*lines, *(line for package in entries for line in _entry(package))]) + "\n"


def _is_unhashed(package: PinnedPackage) -> bool:
    return package.origin is not None and package.origin.kind == "vcs"


def _entry(package: PinnedPackage) -> Iterator[str]:
    hashes = _hashes(package)
    head = _head(package)
    yield head + (" \\" if hashes else "")
    for place, value in enumerate(hashes, 1):
        yield f"    --hash={value}" + (" \\" if place < len(hashes) else "")
    if len(package.via) == 1:
        yield f"    # via {shown(package.via[0])}"
    elif package.via:
        yield "    # via"
        yield from (f"    #   {shown(name)}" for name in package.via)


def _head(package: PinnedPackage) -> str:
    origin = package.origin
    if origin is None:
        return f"{package.name}=={package.version}"
    if origin.kind == "vcs" and origin.url.startswith("file:"):  # `name @ git+file:…` is refused by pip before 24.1
        return f"{reference(origin)}{'&' if origin.subdirectory else '#'}egg={package.name}"
    return f"{package.name} @ {reference(origin)}"


def _hashes(package: PinnedPackage) -> list[str]:
    given = package.origin.hashes if package.origin else ()
    return sorted({value for file in package.files for value in file.hashes} | set(given))


def reference(origin: DirectUrl) -> str:
    """The PEP 508 reference of what does not come from an index: `git+https://…@COMMIT#subdirectory=…`."""
    text = origin.url
    if origin.kind == "vcs":
        text = f"{text if '+' in text.partition('://')[0] else f'git+{text}'}@{origin.revision}"
    return f"{text}#subdirectory={origin.subdirectory}" if origin.subdirectory else text


def _apart(lock: PinnedLock) -> Iterable[str]:
    """Comments on what runs and is not in the file."""
    if lock.left_out:
        yield from ("", "# --- Not in this lock, because no other machine could install it:")
        yield from (f"#   {shown(problem.message)}" for problem in lock.left_out)
    if lock.apart:
        yield from ("", "# --- Installed, and not in this lock:")
        yield from (f"#   {item.name} {shown(item.version or '?')} ({item.role}: {shown(item.because)})" for item in lock.apart)
