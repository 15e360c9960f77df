"""A recipe as a Dockerfile, a .dockerignore and a GitHub workflow. Same recipe, same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator

from steadypin.model.recipe import Recipe
from steadypin.text import shown

# Run by the base's Python in the build stage: needs pip's own copy of packaging for markers, and nothing else.
_CHECK = r"""
import re, sys
from importlib.metadata import distributions
from pip._vendor.packaging.markers import Marker
from pip._vendor.packaging.version import Version
name = lambda text: re.sub(r"[-_.]+", "-", text).lower()
locked = {}
for line in (line for path in sys.argv[2:] for line in open(path, encoding="utf-8")):
    pin = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(?:==\s*([^\s;\\]+)|@\s*\S+)", line)
    marker = re.search(r";\s*([^\\#]+?)(?:\s--hash|\s*\\?$)", line.rstrip())
    egg = re.match(r"\w+\+\S+[#&]egg=([A-Za-z0-9._-]+)", line)
    if (pin or egg) and (marker is None or Marker(marker[1]).evaluate()):
        locked[name((pin or egg)[1])] = pin[2] if pin else None
there = {name(d.metadata["Name"]): d.version for d in distributions(path=[sys.argv[1]])}
wrong = [f"{n}: locked {v}, missing" for n, v in locked.items() if n not in there]
wrong += [f"{n}: locked {v}, installed {there[n]}" for n, v in locked.items()
          if n in there and v and Version(v) != Version(there[n]) and Version(v) != Version(Version(there[n]).public)]
wrong += [f"{n}: installed {v}, not locked" for n, v in there.items() if n not in locked]
sys.exit("\n".join(["the environment is not what the lock says:", *sorted(wrong)]) if wrong else None)
"""


def check_script() -> str:
    """The standard-library script that ends with an error where a folder does not hold what requirements files say.

    Arguments: the site-packages folder, then the files.
    """
    return _CHECK.strip() + "\n"


def dockerfile(recipe: Recipe) -> str:
    """The text of the Dockerfile."""
    lines = [
        "# syntax=docker/dockerfile:1",
        "# Written by steadypin dockerfile. Two stages: what is needed to install stays in the first.",
        *(f"# To do: {shown(note)}" for note in recipe.notes),
        "",
        "# Hold the base by its digest: docker buildx imagetools inspect " + recipe.base,
        f"# then docker build --build-arg BASE={recipe.base}@sha256:…, or write it here.",
        f"ARG BASE={recipe.base}",
        "",
        "FROM ${BASE} AS build",
        *_packages(recipe, recipe.build_packages, "What an installation needs besides Python."),
        "WORKDIR /src",
        *_INSTALLS[recipe.format](recipe),
        "",
        "FROM ${BASE}",
        *_packages(recipe, recipe.run_packages, "System libraries that compiled modules link to."),
        'ENV PATH="/opt/venv/bin:${PATH}" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1',
        "COPY --from=build /opt/venv /opt/venv",
        "WORKDIR /app",
        "COPY . .",
        "USER 10001:10001",
        *_command(recipe),
    ]
    return "\n".join(lines) + "\n"


def _packages(recipe: Recipe, names: tuple[str, ...], why: str) -> Iterator[str]:
    if not names:
        return
    yield f"# {why} Add versions once you know them (apt-cache policy NAME in the base)."
    if recipe.alpine:
        yield f"RUN apk add --no-cache {' '.join(names)}"
    else:
        install = f"apt-get install -y --no-install-recommends {' '.join(names)}"
        yield f"RUN apt-get update && {install} && rm -rf /var/lib/apt/lists/*"


def _pip(recipe: Recipe) -> Iterator[str]:
    locks = [recipe.lock, *([recipe.unhashed] if recipe.unhashed else [])]
    yield "# The environment has no pip of its own: the base's pip fills it, and stays behind."
    yield "RUN python -m venv --without-pip /opt/venv"
    yield f"COPY {json.dumps([*locks, './'])}"
    pip = "python -m pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check"
    if not recipe.hashed:
        yield f"RUN {pip} -r {_quoted(recipe.lock)}"
    else:
        yield f"RUN {pip} --no-deps --require-hashes -r {_quoted(recipe.lock)}"
    if recipe.unhashed:
        yield "# From version control: a commit id names its content."
        yield f"RUN {pip} --no-deps -r {_quoted(recipe.unhashed)}"
    if recipe.hashed:
        yield "# The build fails here if the environment is not what the lock says."
        minor = ".".join(recipe.python.split(".")[:2])
        yield f"RUN python - /opt/venv/lib/python{minor}/site-packages {' '.join(map(_quoted, locks))} <<'CHECK'"
        yield check_script() + "CHECK"
    yield "RUN python -m compileall -q /opt/venv/lib"


def _uv(recipe: Recipe) -> Iterator[str]:
    yield "# Hold uv by version or digest as well."
    yield "COPY --from=ghcr.io/astral-sh/uv:0.8 /uv /usr/local/bin/uv"
    yield "ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never"
    yield 'COPY ["pyproject.toml", "uv.lock", "./"]'
    yield "RUN uv sync --locked --no-dev --no-install-project"
    yield "# The build fails here if the environment is not what the lock says."
    yield "RUN uv sync --locked --no-dev --no-install-project --check"


def _pylock(recipe: Recipe) -> Iterator[str]:
    yield "# Hold uv by version or digest as well."
    yield "COPY --from=ghcr.io/astral-sh/uv:0.8 /uv /usr/local/bin/uv"
    yield "ENV VIRTUAL_ENV=/opt/venv UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never"
    yield "RUN uv venv /opt/venv"
    yield f"COPY {json.dumps([recipe.lock, './'])}"
    yield "# Takes away what the lock does not have, and checks every hash."
    yield f"RUN uv pip sync {_quoted(recipe.lock)}"


_INSTALLS = {"requirements": _pip, "uv": _uv, "pylock": _pylock}


def _command(recipe: Recipe) -> Iterator[str]:
    if recipe.command:
        yield f"# {shown(recipe.start)}"
        yield f"CMD {json.dumps(list(recipe.command))}"
    else:
        yield '# No start command is declared (Procfile, manage.py, [project.scripts]): CMD ["python", "-m", "your_package"]'


def _quoted(path: str) -> str:
    return path if path.replace("/", "").replace(".", "").replace("-", "").replace("_", "").isalnum() else json.dumps(path)


def dockerignore() -> str:
    """What has no business in the build context."""
    names = [".git", ".venv", "venv", "env", ".env", ".env.*", "**/__pycache__", "**/*.pyc", ".tox", ".nox", ".pytest_cache"]
    names += [".mypy_cache", ".ruff_cache", ".steadypin", "node_modules", "*.pem", "*.key", ".aws", ".ssh", "Dockerfile"]
    return "# Written by steadypin dockerfile.\n" + "\n".join(names) + "\n"


def workflow(recipe: Recipe, *, version: str) -> str:
    """A GitHub Actions workflow: build, verify against the lock, push to the registry that the repository's variables name."""
    locks = " ".join(f"--lock {_quoted(path)}" for path in (recipe.lock, *([recipe.unhashed] if recipe.unhashed else [])))
    return _WORKFLOW.replace("@LOCKS@", locks).replace("@VERSION@", version)


_WORKFLOW = """\
# Written by steadypin dockerfile --workflow.
# Variables of the repository (Settings, Variables): REGISTRY (123456789012.dkr.ecr.eu-central-1.amazonaws.com),
# REPOSITORY (app), AWS_REGION, and AWS_ROLE (the role that GitHub may assume by OpenID Connect).
# For another registry, replace the two AWS steps.
# Actions are pinned by commit; look for newer ones with: git ls-remote https://github.com/actions/checkout
name: image

on:
  push:
    branches: [main]
  pull_request:

permissions:
  contents: read

jobs:
  image:
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions:
      contents: read
      id-token: write
    env:
      IMAGE: ${{ vars.REGISTRY }}/${{ vars.REPOSITORY }}:${{ github.sha }}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - name: Build
        run: docker build --tag app:check .
      - name: Verify the image against the lock
        run: |
          pipx install steadypin==@VERSION@
          docker save app:check --output "$RUNNER_TEMP/image.tar"
          steadypin verify-image "$RUNNER_TEMP/image.tar" --in /opt/venv @LOCKS@
      - name: Log in to AWS
        if: github.event_name == 'push'
        uses: aws-actions/configure-aws-credentials@e3dd6a429d7300a6a4c196c26e071d42e0343502 # v4.0.2
        with:
          role-to-assume: ${{ vars.AWS_ROLE }}
          aws-region: ${{ vars.AWS_REGION }}
      - name: Log in to the registry
        if: github.event_name == 'push'
        env:
          REGISTRY: ${{ vars.REGISTRY }}
        run: aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"
      - name: Push
        if: github.event_name == 'push'
        run: |
          docker tag app:check "$IMAGE"
          docker push "$IMAGE"
"""
