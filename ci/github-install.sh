#!/usr/bin/env bash
# Install steadypin into an environment of its own, so that the project's is left alone. Nothing of the inputs reaches a shell.
set -euo pipefail

home="${RUNNER_TEMP:?}/steadypin"
version="${STEADYPIN_VERSION:-}"
case "$version" in
"") what="${STEADYPIN_ACTION:?}" ;;
*[!0-9A-Za-z.,=\<\>~\!*+-]*)
    echo "::error title=steadypin::not a version specifier: write ==1.2.3"
    exit 2
    ;;
*) what="steadypin$version" ;;
esac

python="$(command -v python3 || command -v python)"
"$python" -m venv "$home"
bin="$home/bin"
if [ -d "$home/Scripts" ]; then bin="$home/Scripts"; fi
"$bin/python" -m pip install --quiet --disable-pip-version-check "$what"
printf '%s\n' "$bin" >>"${GITHUB_PATH:?}"
