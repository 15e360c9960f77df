"""`steadypin snapshot`."""

from __future__ import annotations

from pathlib import Path

from steadypin.cli.output import check_writable, write_file, write_stdout
from steadypin.cli.settings import settings_of
from steadypin.cli.words import CacheOption, PathArgument, PythonOption, file, flag


class SnapshotOptions(PathArgument, PythonOption, CacheOption):
    """The options of `steadypin snapshot`."""

    output: Path | None = file("Write here instead of stdout.", short="-o", metavar="FILE")
    emit_script: bool = flag("Print a script that makes a snapshot elsewhere.")


def snapshot(options: SnapshotOptions) -> int:
    """Write one environment as a JSON file, to be audited on another machine.

    \b
    steadypin snapshot --python .venv -o server.json
    steadypin snapshot --emit-script | ssh server python - > server.json
    steadypin audit --snapshot server.json
    """
    check_writable(options.output)
    from steadypin.pipeline import snapshots

    text = snapshots.script() if options.emit_script else snapshots.take(settings_of(options))
    if options.output:
        write_file(options.output, text)
    else:
        write_stdout(text)
    return 0
