"""A plan beside one `uv pip compile --upgrade` of the same project, in one run, as a ratio.

Usage: python -m bench.planning [--rounds 3]     (needs uv and an index; the project is compiled as of 2024-06-01)

Last measured (2026-11-24, 2 cores): 167 packages, 10 stages, 7 held, 11 resolver runs; 3.01 s beside 1.32 s, ratio 2.27; own
CPU 0.63 s.

Both caches are warm: each side runs once before it is timed. Resolutions that steadypin kept are thrown away before each run.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DIRECT = (
    "aiohttp",
    "alembic",
    "apscheduler",
    "asyncpg",
    "bcrypt",
    "boto3",
    "celery",
    "cryptography",
    "django",
    "django-filter",
    "djangorestframework",
    "dynaconf",
    "elasticsearch",
    "fastapi",
    "flask",
    "flask-login",
    "flask-migrate",
    "google-cloud-storage",
    "graphene",
    "gunicorn",
    "httpx",
    "jinja2",
    "jsonschema",
    "kafka-python",
    "marshmallow",
    "mypy",
    "numpy",
    "opentelemetry-exporter-otlp",
    "orjson",
    "pandas",
    "paramiko",
    "pillow",
    "prometheus-client",
    "psycopg2-binary",
    "pydantic",
    "pyjwt",
    "pytest",
    "pytest-cov",
    "python-multipart",
    "redis",
    "requests",
    "rich",
    "ruff",
    "scikit-learn",
    "scipy",
    "sentry-sdk",
    "sphinx",
    "sqlalchemy",
    "stripe",
    "structlog",
    "tenacity",
    "tox",
    "typer",
    "uvicorn",
    "websockets",
)
AS_OF = "2024-06-01"
BARS = {"wall ratio": 3.0, "own CPU": 1.5}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder), rounds)


def measure(folder: Path, rounds: int) -> int:
    uv = str(Path(sys.executable).with_name("uv"))
    project = folder / "project"
    project.mkdir()
    (project / "requirements.in").write_text("\n".join(DIRECT) + "\n", encoding="utf-8")
    compile_ = [uv, "pip", "compile", "requirements.in", "-q", "--python", sys.executable]
    subprocess.run(
        [*compile_, "-o", "requirements.txt", "--exclude-newer", AS_OF], cwd=project, check=True, stdout=subprocess.DEVNULL
    )
    (folder / "upgraded.txt").write_bytes((project / "requirements.txt").read_bytes())
    upgrade = [*compile_, "--upgrade", "-o", str(folder / "upgraded.txt")]
    plan = [str(Path(sys.executable).with_name("steadypin")), "plan", "--no-env", "-o", str(folder / "plan.json"), "-q"]
    plan += ["--cache-dir", str(folder / "cache")]
    steady = [timed(without_answers(plan, folder), project) for _ in range(rounds + 1)][1:]
    peer = [timed(upgrade, project) for _ in range(rounds + 1)][1:]
    document = json.loads((folder / "plan.json").read_text("utf-8"))
    return report(
        document,
        [wall for wall, _ in steady],
        [wall for wall, _ in peer],
        min(own_cpu(project, plan, folder) for _ in range(2)),
    )


def without_answers(plan: list[str], folder: Path) -> list[str]:
    """The same command, after the kept resolutions were thrown away (the index's answers stay warm)."""
    for file in (folder / "cache" / "resolutions").glob("*"):
        file.unlink()
    return plan


def timed(command: list[str], cwd: Path) -> tuple[float, float]:
    """Wall seconds, and CPU seconds of the command with its children."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - started, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def own_cpu(cwd: Path, plan: list[str], folder: Path) -> float:
    """CPU of steadypin alone: with every resolution kept, nothing else runs."""
    timed(without_answers(plan, folder), cwd)
    return timed(plan, cwd)[1]


def report(document: dict[str, list], steady: list[float], peer: list[float], cpu: float) -> int:  # type: ignore[type-arg]
    stages, stats = document["stages"], document["stats"]
    ratio = statistics.median(steady) / statistics.median(peer)
    packages = len(stages[-1]["packages"])
    print(f"{packages} packages, {len(stages)} stages, {len(document['holds'])} held, {stats['resolver_runs']} resolver runs")
    print(f"steadypin plan        {statistics.median(steady):6.2f} s (median of {len(steady)})")
    print(f"uv compile --upgrade  {statistics.median(peer):6.2f} s")
    print(f"ratio                 {ratio:6.2f}   bar {BARS['wall ratio']}")
    print(f"own CPU               {cpu:6.2f} s bar {BARS['own CPU']}")
    return 0 if ratio <= BARS["wall ratio"] and cpu <= BARS["own CPU"] else 1


if __name__ == "__main__":
    sys.exit(main())
