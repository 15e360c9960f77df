"""What a Dockerfile does that pins cannot hold. About reproducible Python only; other tools know Dockerfiles better."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steadypin.checks.rule import Case, Check
from steadypin.model.finding import Finding
from steadypin.model.location import Location
from steadypin.model.readiness import Dockerfile, Instruction, Readiness
from steadypin.model.rule import Rule
from steadypin.model.severity import Severity
from steadypin.values import replace

UNPINNED_BASE = Rule(
    id="dockerfile-unpinned-base",
    title="The base image can be another tomorrow",
    severity=Severity.MEDIUM,
    why="A tag moves; `latest` moves to the next Python. Only a digest names one image.",
    bad="`FROM python:latest`",
    good="`FROM python:3.12-slim-bookworm@sha256:…`",
)
APT = Rule(
    id="dockerfile-apt-unversioned",
    title="System packages without versions",
    severity=Severity.LOW,
    why="Each build takes what the mirror has that day; compiled packages link to it.",
    bad="`apt-get install -y libpq-dev`",
    good="`apt-get install -y libpq-dev=15.8-0+deb12u1`, or a snapshot mirror; at least a pinned base",
)
PIP = Rule(
    id="dockerfile-pip-unhashed",
    title="pip installs without hashes or a lock",
    severity=Severity.MEDIUM,
    why="What is not in a hashed lock is resolved anew at each build: the image gets what is newest, not what was tested.",
    bad="`RUN pip install gunicorn`",
    good="`RUN pip install --no-deps --require-hashes -r requirements.txt`, or `uv sync --locked`",
)
PIPED = Rule(
    id="dockerfile-piped-script",
    title="A script from the network is run as it comes",
    severity=Severity.HIGH,
    why="Whoever controls the server controls the image, and no two builds need be alike.",
    bad="`RUN curl -sSL https://… | sh`",
    good="a pinned release whose checksum is compared, or COPY --from a pinned image",
)
ADD_URL = Rule(
    id="dockerfile-add-url",
    title="ADD fetches a URL without a checksum",
    severity=Severity.MEDIUM,
    why="The file behind the URL can change, and the cache does not notice.",
    bad="`ADD https://…/agent.tar.gz /opt/`",
    good="`ADD --checksum=sha256:… https://…/agent.tar.gz /opt/`",
)
COPY_FIRST = Rule(
    id="dockerfile-copy-before-install",
    title="Everything is copied before the packages are installed",
    severity=Severity.LOW,
    why="Each change of the code installs all packages again: slow, and the chance to get others.",
    bad="`COPY . .` before `RUN pip install -r requirements.txt`",
    good="copy the lock alone, install, then copy the code",
)
ROOT = Rule(
    id="dockerfile-root",
    title="The program runs as root",
    severity=Severity.LOW,
    why="A flaw in any package is then a flaw of the whole container, and the program can change its own packages.",
    bad="no USER in the last stage",
    good="`USER 10001`",
)
IGNORE = Rule(
    id="dockerignore-incomplete",
    title="The build context has what should not go into an image",
    severity=Severity.MEDIUM,
    why="`COPY .` takes the local environment over the installed one, the history, and secrets.",
    bad="no .dockerignore beside a .venv and a .git",
    good=".dockerignore with .git, .venv and .env",
)

_PIPED = (
    r"\b(?:curl|wget)\b[^|;&]*\|\s*(?:sudo\s+)?(?:\S*/)?(?:ba|da|z|k)?sh\b|\b(?:curl|wget)\b[^|;&]*\|\s*(?:\S*/)?python"
    r"|\b(?:ba|da|z)?sh\s+-c\s+\"?\$\((?:curl|wget)\b|\b(?:ba|da|z)?sh\s+<\(\s*(?:curl|wget)\b"
)
_SPLIT = r"&&|\|\||;|\n|\|"
_APT_OPTIONS_WITH_VALUE = frozenset({"-o", "-t", "--target-release", "-c", "--option", "--config-file"})


def run(case: Case) -> Iterator[Finding]:
    """Findings about Dockerfiles; nothing where no image was asked about."""
    ready = case.facts.readiness
    if ready is None:
        return
    for file in ready.dockerfiles:
        yield from _bases(file)
        for item in file.instructions:
            yield from _instruction(file, item)
        yield from _order(file)
        yield from _user(file)
        yield from _ignored(file, ready)


def _at(file: Dockerfile, item: Instruction) -> list[Location]:
    return [Location(path=file.path, line=item.line, key=item.name)]


def _bases(file: Dockerfile) -> Iterator[Finding]:
    froms = [item for item in file.instructions if item.name == "FROM"]
    known = {"scratch"}
    for item, (_, image, alias) in zip(froms, file.bases, strict=True):
        if image.lower() not in known and "@sha256:" not in image:
            yield _unpinned(file, item, image)
        known |= {image.lower(), alias.lower()}


def _unpinned(file: Dockerfile, item: Instruction, image: str) -> Finding:
    tag = image.rpartition("/")[2].partition(":")[2]
    if "$" in image:
        message = f"the base {image} is whatever the build is told"
    elif tag in ("", "latest"):
        message = f"the base {image} has no version"
    else:
        message = f"the base {image} has a tag, and no digest"
    finding = UNPINNED_BASE.finding(
        message,
        at=_at(file, item),
        remedy=f"docker buildx imagetools inspect {image}, then FROM {image}@sha256:…",
        about=image,
    )
    return replace(finding, severity=Severity.LOW) if message.endswith("no digest") else finding


def _instruction(file: Dockerfile, item: Instruction) -> Iterator[Finding]:
    if item.name == "ADD" and re.search(r"(?:^|[\s\"'\[])https?://", item.text) and "--checksum" not in item.text:
        yield ADD_URL.finding(
            "ADD fetches a URL without a checksum", at=_at(file, item), remedy="ADD --checksum=sha256:…", about=item.text[:200]
        )
    if item.name != "RUN":
        return
    if re.search(_PIPED, item.text[:20_000]):
        yield PIPED.finding(
            "a script from the network is piped into a shell",
            at=_at(file, item),
            remedy="download a pinned release and compare its checksum",
            about=item.text[:200],
        )
    for words in _commands(item.text):
        yield from _apt(file, item, words)
        yield from _pip(file, item, words)


def _commands(text: str) -> Iterator[list[str]]:
    import shlex

    text = re.sub(r"^(?:--\w+=\S+\s+)+", "", text[:20_000])
    if text.startswith("["):
        text = re.sub(r'["\[\],]', " ", text)
    for part in re.split(_SPLIT, text):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:
            words = part.split()
        while words and ("=" in words[0] or words[0] in ("sudo", "exec", "env", "\\")):
            words = words[1:]
        if words:
            yield words


def _apt(file: Dockerfile, item: Instruction, words: list[str]) -> Iterator[Finding]:
    tool = words[0].rpartition("/")[2]
    if tool not in ("apt-get", "apt", "apk") or not {"install", "add"} & set(words):
        return
    names, skip = [], False
    for word in words[1:]:
        if skip or word.startswith("-"):
            skip = not skip and word in _APT_OPTIONS_WITH_VALUE
        elif word not in ("install", "add"):
            names.append(word)
    bare = [name for name in names if not re.search(r"[=~$]", name) and not name.startswith(".")]
    if bare:
        yield APT.finding(
            f"{tool} installs {', '.join(bare[:5])}{' …' if len(bare) > 5 else ''} without a version",
            at=_at(file, item),
            remedy=f"{bare[0]}=VERSION (apt-cache policy {bare[0]} in the base tells it)",
            about=" ".join(bare)[:200],
        )


def _pip(file: Dockerfile, item: Instruction, words: list[str]) -> Iterator[Finding]:
    position = next((n for n, word in enumerate(words) if re.fullmatch(r"(?:.*/)?pip[\d.]*", word)), None)
    if position is None or "install" not in words[position:]:
        return
    rest = words[words.index("install", position) + 1 :]
    held = {"--require-hashes", "--no-index", "-c", "--constraint", "--constraints"}
    if any(word.partition("=")[0] in held for word in rest):
        return
    wanted = [word for word in rest if not word.startswith("-")]
    if "--no-deps" in rest and all(re.match(r"[./$]|\S+@|\S+-vcs\.txt$", word) for word in wanted):
        return  # the project itself, or commits, which no hash can be given for
    what = " ".join(rest)[:80]
    remedy = "pip install --require-hashes -r requirements.txt (steadypin pin writes such a file)"
    yield PIP.finding(f"pip install {what}: no hashes and no constraint", at=_at(file, item), remedy=remedy, about=what)


_INSTALLS = r"\b(?:pip[\d.]* install|uv (?:sync|pip)|poetry install|(?:pdm|pipenv) (?:install|sync))\b"
_COPIES_ALL = r"(?:--(?!from)\S+\s+)*\[?\"?\./?\"?[\s,]"
_PROJECT_ALONE = r"--no-deps\s+(?:-e\s+)?\.|--no-root"


def _order(file: Dockerfile) -> Iterator[Finding]:
    """COPY of everything before the first install of the same stage."""
    copied: dict[int, Instruction] = {}
    installed: set[int] = set()
    for item in file.instructions:
        if _copies_all(item) and item.stage not in installed:
            copied.setdefault(item.stage, item)
        if item.name != "RUN" or not re.search(_INSTALLS, item.text) or item.stage in installed:
            continue
        installed.add(item.stage)
        first = copied.get(item.stage)
        if first is not None and not re.search(_PROJECT_ALONE, item.text):
            yield COPY_FIRST.finding(
                "everything is copied before the packages are installed",
                at=_at(file, first),
                remedy="COPY the lock, RUN the install, then COPY the rest",
                about=str(item.stage),
            )


def _copies_all(item: Instruction) -> bool:
    return item.name in ("COPY", "ADD") and re.match(_COPIES_ALL, item.text) is not None


def _user(file: Dockerfile) -> Iterator[Finding]:
    stages = {alias.lower(): stage for stage, _, alias in file.bases if alias}
    images = {stage: image.lower() for stage, image, _ in file.bases}
    stage: int | None = file.bases[-1][0] if file.bases else None
    last = next((item for item in reversed(file.instructions) if item.name == "FROM"), None)
    for _ in file.bases:
        users = [item for item in file.instructions if item.name == "USER" and item.stage == stage]
        if users:
            if users[-1].text.partition(":")[0].strip() in ("root", "0"):
                yield ROOT.finding("the last stage runs as root", at=_at(file, users[-1]), remedy="USER 10001")
            return
        stage = stages.get(images.get(stage, "")) if stage is not None else None
        if stage is None:
            break
    if last is not None and not any(word in images[max(images)] for word in ("nonroot", "rootless")):
        yield ROOT.finding("no USER in the last stage: the program runs as root", at=_at(file, last), remedy="USER 10001")


def _ignored(file: Dockerfile, ready: Readiness) -> Iterator[Finding]:
    copies = [item for item in file.instructions if _copies_all(item)]
    if not copies:
        return
    if ready.exposed:
        yield IGNORE.finding(
            f"COPY . takes {', '.join(ready.exposed)} into the image",
            at=_at(file, copies[0]),
            remedy=f"write into .dockerignore: {' '.join(ready.exposed)}",
        )
    elif ready.ignored is None:
        yield IGNORE.finding(
            "COPY . without a .dockerignore takes whatever will lie in the project",
            at=_at(file, copies[0]),
            remedy="write .dockerignore with .git, .venv and .env",
        )


CHECK = Check(rules=(UNPINNED_BASE, APT, PIP, PIPED, ADD_URL, COPY_FIRST, ROOT, IGNORE), run=run)
