"""Before containerizing: what of that which runs an image could not have, or would have otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from steadypin.checks.rule import Case, Check
from steadypin.model import parse
from steadypin.model.facts import Facts
from steadypin.model.finding import Finding
from steadypin.model.installed import InstalledDistribution
from steadypin.model.pins import DEVELOPMENT, LEFTOVER
from steadypin.model.readiness import Readiness, ReleaseOnIndex
from steadypin.model.released import ReleaseFile
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity
from steadypin.model.target import Target
from steadypin.values import replace

NOT_INSTALLABLE = Rule(
    id="image-not-installable",
    title="Nothing of a release can be installed in the image",
    severity=Severity.HIGH,
    why="The build of the image stops there, or an installer that no lock holds takes another version.",
    bad="`pywin32==306` runs here; the image is Linux",
    good="a marker on the requirement, or a release that has files for the image's platform and Python",
)
NO_WHEEL = Rule(
    id="image-no-wheel",
    title="A release has wheels, but none for the image",
    severity=Severity.MEDIUM,
    why="It is compiled while the image is built: that needs a compiler and headers, takes minutes, and gives other bytes.",
    bad="`pyahocorasick==2.1.0` has no wheel for linux_aarch64, and the image is also for Graviton",
    good="a version with wheels for every platform, or one build stage that makes the wheel once",
)
SOURCE_ONLY = Rule(
    id="image-source-only",
    title="A release exists as a source distribution only",
    severity=Severity.LOW,
    why="Every image builds it anew with whatever build tools are newest that day; a lock does not hold those.",
    bad="`docopt==0.6.2` has no wheel at all",
    good="build the wheel once and keep it on your index, or pin the build tools with --build-constraint",
)
OTHER_MARKERS = Rule(
    id="image-other-set",
    title="The image needs other packages than what runs",
    severity=Severity.MEDIUM,
    why="Environment markers choose by Python and platform: the set that was tested is not the set that is installed.",
    bad='`importlib-metadata; python_version < "3.10"`, and the image has 3.9',
    good="lock for the image's target, and run the tests in the image",
)
UNREACHABLE = Rule(
    id="image-unreachable",
    title="What runs was installed from a place that no image build can reach",
    severity=Severity.HIGH,
    why="A build of the image happens on another machine, which has neither the folder nor the repository.",
    bad="`git+file:///srv/git/tool`, or `pip install -e ../tool`",
    good="publish it, push it and install it by its commit, or COPY it as a part of the project",
)
UNKNOWN_RELEASE = Rule(
    id="image-unknown-release",
    title="No index has the release that runs",
    severity=Severity.HIGH,
    why="It was removed, or it comes from an index that was not asked (GPU builds with a local version do).",
    bad="`torch 2.1.0+cu118` with only the default index",
    good="name its index with --extra-index-url; save a wheel while the environment still runs",
)
LEFT_OVER = Rule(
    id="image-leftover",
    title="Installed, and nothing seems to need it",
    severity=Severity.LOW,
    why="An image should hold what the program needs: the rest is size, and flaws that must be patched.",
    bad="xmltodict was installed for an import that was done years ago",
    good="leave it out of the lock (`steadypin pin` does), run the tests without it",
)
FOR_DEVELOPMENT = Rule(
    id="image-development",
    title="Development tools are in the same environment",
    severity=Severity.LOW,
    why="Test runners and linters have no work in an image that serves.",
    bad="pytest and its friends in the image",
    good="a lock without them: `steadypin pin --no-dev`",
)
DIFFERENT = Rule(
    id="image-differs",
    title="The image differs from where the program runs today",
    severity=Severity.LOW,
    why="Another Python, C library or processor is another program: what was never run there was never tested there.",
    bad="runs on Python 3.11 with glibc; the base is python:3.12-alpine",
    good="the same minor version and C library first; change one thing at a time",
)
END_OF_LIFE = Rule(
    id="python-end-of-life",
    title="The image's Python gets no more security fixes, or soon will not",
    severity=Severity.HIGH,
    why="Flaws in the interpreter and its standard library stay open.",
    bad="python:3.9 in 2026",
    good="a Python that is supported for as long as the image will run",
)
SIZE = Rule(
    id="image-size",
    title="How much the packages add to the image",
    severity=Severity.INFO,
    why="Download decides how fast a new machine serves; three packages usually are most of it.",
    bad="400 MiB of packages, 300 of them one GPU library that a server without a GPU never loads",
    good="look at the largest three first",
)
LIBRARIES = Rule(
    id="image-system-library",
    title="A compiled module links to a system library that a slim base lacks",
    severity=Severity.MEDIUM,
    why="The import fails in the image with `cannot open shared object file`, often only when the code path is reached.",
    bad="`libGL.so.1` for opencv-python; python:3.12-slim does not have it",
    good="install the system package in the image, or take the variant without it (opencv-python-headless)",
)


def run(case: Case) -> Iterator[Finding]:
    """Findings about an image; nothing where none was asked about."""
    ready = case.facts.readiness
    if ready is None:
        return
    apart = {item.name for item in ready.standings if item.role in ("own", "build-tool", LEFTOVER)}
    for release in ready.releases:
        if release.name not in apart:
            yield from _files(release, ready)
    for item in _firsts(case.facts):
        if item.name not in apart:
            yield from _origin(item)
    yield from _other_set(case.facts, ready, apart)
    yield from _apart(ready)
    yield from _differences(case.facts, ready)
    yield from _end(case.facts, ready)
    yield from _size(ready, apart | {item.name for item in ready.standings if item.role == DEVELOPMENT})
    for library in ready.libraries:
        if library.name not in apart:
            yield LIBRARIES.finding(
                f"{library.name} links to {library.soname} ({library.module}), which a slim base does not have",
                package=library.name,
                remedy=f"RUN apt-get install {library.package}"
                if library.package
                else "find its package: apt-file search " + library.soname,
                about=library.soname,
            )


def _firsts(facts: Facts) -> Iterator[InstalledDistribution]:
    seen: set[str] = set()
    for item in facts.installed:
        if item.name not in seen:
            seen.add(item.name)
            yield item


def label(target: Target) -> str:
    """How a target is named to people."""
    return f"python {'.'.join(target.python.split('.')[:2])}, {target.platform}"


def _is_wheel(file: ReleaseFile) -> bool:
    return file.filename.endswith(".whl")


def _files(release: ReleaseOnIndex, ready: Readiness) -> Iterator[Finding]:
    title = f"{release.name} {release.version}"
    if not release.files:
        yield _unknown(release, title)
        return
    wheels = [file for file in release.files if _is_wheel(file)]
    impossible: list[Target] = []
    built: list[Target] = []
    for target in ready.targets:
        usable = [file for file in release.files if target.accepts_python(file.requires_python)]
        if any(_is_wheel(file) and target.accepts_wheel(file.filename) is not False for file in usable):
            continue
        (built if any(not _is_wheel(file) for file in usable) else impossible).append(target)
    if impossible:
        reason = _why_not(release, impossible[0])
        yield NOT_INSTALLABLE.finding(
            f"{title} cannot be installed on {_labels(impossible)}: {reason}",
            package=release.name,
            version=release.version,
            remedy=f"raise {release.name} to a release for that target, or take it out with a marker",
        )
    if built and wheels:
        yield NO_WHEEL.finding(
            f"{title} has no wheel for {_labels(built)}; it would be compiled there",
            package=release.name,
            version=release.version,
            remedy=f"a release of {release.name} with such wheels, or build it in a stage of its own (gcc and headers)",
        )
    elif built:
        yield SOURCE_ONLY.finding(
            f"{title} has no wheel at all; every image builds it from source",
            package=release.name,
            version=release.version,
            remedy=f"pip wheel --no-deps {release.name}=={release.version} once, and keep the wheel on your index",
        )


def _labels(targets: Iterable[Target]) -> str:
    return " and ".join(label(target) for target in targets)


def _why_not(release: ReleaseOnIndex, target: Target) -> str:
    pythons = sorted({file.requires_python for file in release.files if file.requires_python})
    if pythons and not any(target.accepts_python(file.requires_python) for file in release.files):
        return f"it requires Python {' or '.join(pythons)}"
    return "there is neither a wheel for it nor a source distribution"


def _unknown(release: ReleaseOnIndex, title: str) -> Finding:
    parsed = parse.version(release.version)
    local = parsed.local if parsed else None
    return UNKNOWN_RELEASE.finding(
        f"{title}: no index that was asked has it" + (f" ({local} is a build of another index)" if local else ""),
        package=release.name,
        version=release.version,
        remedy=f"--extra-index-url with the index of {local} builds"
        if local
        else "save a wheel of it, or move to a release that exists",
    )


def _origin(item: InstalledDistribution) -> Iterator[Finding]:
    origin = item.direct_url
    if not item.editable and (origin is None or (origin.kind != "path" and not origin.url.startswith("file:"))):
        return
    place = origin.url if origin else item.location.path
    how = "an editable install of" if item.editable else "installed from"
    yield UNREACHABLE.finding(
        f"{item.name} {item.version} is {how} {place}",
        package=item.name,
        version=item.version,
        at=[item.location],
        remedy="push it and install it by its commit, publish it, or COPY it into the image",
    )


def _other_set(facts: Facts, ready: Readiness, apart: set[str]) -> Iterator[Finding]:
    """By the markers of what is installed: what a target needs more, and what it does without."""
    installed = {item.name for item in facts.installed}
    more: dict[tuple[str, str], list[Target]] = {}
    for item in _firsts(facts):
        for text in item.requires if item.name not in apart else ():
            if "extra" in text.partition(";")[2]:
                continue
            requirement = parse.requirement(text)
            if requirement is None or requirement.marker is None:
                continue
            name, marker = parse.normalise(requirement.name), str(requirement.marker)
            for target in ready.targets:
                if name not in installed and target.applies(marker) and not facts.target.applies(marker):
                    more.setdefault((name, item.name), []).append(target)
    for (name, asker), targets in sorted(more.items()):
        yield OTHER_MARKERS.finding(
            f"{asker} also needs {name} on {_labels(targets)}; it is not installed here",
            package=name,
            remedy=f"lock for the image's target, so that {name} is pinned too",
            about=asker,
        )


def _apart(ready: Readiness) -> Iterator[Finding]:
    sizes = {item.name: item.size for item in ready.contents}
    for item in ready.standings:
        if item.role == LEFTOVER:
            size = f" ({_megabytes(sizes.get(item.name) or 0)})" if sizes.get(item.name) else ""
            yield LEFT_OVER.finding(
                f"{item.name} {item.version}{size}: {item.because}",
                package=item.name,
                version=item.version,
                remedy="steadypin pin leaves it out; run the tests without it",
            )
    development = [item for item in ready.standings if item.role == DEVELOPMENT]
    if development:
        names = ", ".join(item.name for item in development[:8]) + (" …" if len(development) > 8 else "")
        yield FOR_DEVELOPMENT.finding(
            f"{len(development)} packages are here for development only: {names}", remedy="steadypin pin --no-dev"
        )


def _differences(facts: Facts, ready: Readiness) -> Iterator[Finding]:
    here, there = _minor(facts.target.python), _minor(ready.targets[0].python)
    if facts.environment is None:
        return
    differences = [] if here == there else [f"Python {here} here, {there} there"]
    families = {_library(target) for target in ready.targets} - {_library(facts.target)}
    differences += [f"{_library(facts.target)} here, {family} there" for family in sorted(families)]
    machines = {_machine(target) for target in ready.targets} - {_machine(facts.target)}
    differences += [f"{_machine(facts.target)} here, {machine} there" for machine in sorted(machines)]
    for difference in differences:
        yield DIFFERENT.finding(
            f"the image differs: {difference}", remedy="run the tests in the image", about=difference.split()[0]
        )


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])


def _library(target: Target) -> str:
    platform = target.platform
    if "musl" in platform:
        return "musl (Alpine)"
    return "glibc" if "linux" in platform else platform.partition("_")[0]


def _machine(target: Target) -> str:
    return "arm64" if target.platform.endswith(("aarch64", "arm64")) else "x86_64"


def _end(facts: Facts, ready: Readiness) -> Iterator[Finding]:
    if ready.ends is None:
        return
    from datetime import date

    python, today = _minor(ready.targets[0].python), date.fromisoformat(facts.taken_at[:10])
    days = (date.fromisoformat(ready.ends) - today).days
    if days > 365:
        return
    state = f"gets no security fixes since {ready.ends}" if days <= 0 else f"gets security fixes until {ready.ends} only"
    finding = END_OF_LIFE.finding(
        f"Python {python} {state}", remedy="plan the next Python: steadypin plan --target python=…", about=python
    )
    yield finding if days <= 0 else _softer(finding)


def _softer(finding: Finding) -> Finding:
    return replace(finding, severity=Severity.LOW)


def _size(ready: Readiness, apart: set[str]) -> Iterator[Finding]:
    installed = [(item.size, item.name) for item in ready.contents if item.size and item.name not in apart]
    if not installed:
        return
    largest = ", ".join(f"{name} {_megabytes(size)}" for size, name in sorted(installed, reverse=True)[:3])
    downloads = []
    for target in ready.targets:
        sizes = [_download(release, target) for release in ready.releases if release.name not in apart]
        downloads.append(f"{_megabytes(sum(filter(None, sizes)))} to download for {target.platform}")
    yield SIZE.finding(
        f"the packages take {_megabytes(sum(size for size, _ in installed))} installed ({largest}); {', '.join(downloads)}"
    )


def _download(release: ReleaseOnIndex, target: Target) -> int | None:
    wheels = [f.size for f in release.files if _is_wheel(f) and target.accepts_wheel(f.filename) is not False and f.size]
    sources = [file.size for file in release.files if not _is_wheel(file) and file.size]
    return min(wheels, default=None) or min(sources, default=None)


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:.1f} MiB"


CHECK = Check(
    rules=(
        NOT_INSTALLABLE,
        NO_WHEEL,
        SOURCE_ONLY,
        OTHER_MARKERS,
        UNREACHABLE,
        UNKNOWN_RELEASE,
        LEFT_OVER,
        FOR_DEVELOPMENT,
        DIFFERENT,
        END_OF_LIFE,
        SIZE,
        LIBRARIES,
    ),
    run=run,
)
