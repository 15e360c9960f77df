#!/usr/bin/env bash
# One check: annotations on stdout, a summary of the job, SARIF where it is asked for, the exit code as an output.
set -uo pipefail

words=(check "${INPUT_PATH:-.}")
if [ -n "${INPUT_PYTHON:-}" ]; then words+=(--python "$INPUT_PYTHON"); else words+=(--files-only); fi
if [ -n "${INPUT_SARIF:-}" ]; then words+=(--output "$INPUT_SARIF"); fi
while IFS= read -r word; do
    if [ -n "$word" ]; then words+=("$word"); fi
done <<<"${INPUT_ARGS:-}"

# what the inputs say is the whole command: no STEADYPIN_ variable of the job but the ones that it is made for
unset STEADYPIN_ACTION STEADYPIN_VERSION
steadypin "${words[@]}"
code=$?
printf 'exit-code=%s\n' "$code" >>"${GITHUB_OUTPUT:?}"
exit "$code"
