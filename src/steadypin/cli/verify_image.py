"""`steadypin verify-image`."""

from __future__ import annotations

from pathlib import Path

from steadypin.cli.output import check_writable, format_named, write_file, write_stdout
from steadypin.cli.words import FormatOption, GroupOptions, VoiceOptions, argument, file, files, flag, text, texts


class VerifyImageOptions(FormatOption, GroupOptions, VoiceOptions):
    """The options of `steadypin verify-image`."""

    image: Path = argument("A docker save or OCI tar, an OCI layout folder, or a container's root folder.", metavar="IMAGE")
    lock: tuple[Path, ...] = files("The lock; may be repeated.", metavar="FILE")
    project: Path | None = file("The project (default: the lock's folder).", metavar="DIR")
    inside: str | None = text("The environment's place in the image: /app/.venv.", name="in", metavar="PATH")
    allow: tuple[str, ...] = texts("This may be there; may be repeated.", metavar="NAME")
    exact: bool = flag("pip, setuptools and what the base brought count as extra, too.")
    output: Path | None = file("Also write the verdict as JSON.", short="-o", metavar="FILE")


def verify_image(options: VerifyImageOptions) -> int:
    """Tell whether a finished image holds exactly what a lock says. Nothing of the image is run.

    \b
    docker save app:1 -o app.tar && steadypin verify-image app.tar --lock requirements.txt
    steadypin verify-image app.tar --lock uv.lock --in /app/.venv --format json
    """
    format = format_named(options.format, ("terminal", "json"), "a verdict")
    check_writable(options.output)
    from steadypin.pipeline.verify_image import VerifyRequest, verify
    from steadypin.reporters.verdicts import verdicts_json, verdicts_text

    request = VerifyRequest(
        image=options.image,
        locks=options.lock,
        project=options.project,
        inside=options.inside,
        allowed=options.allow,
        extras=options.extra,
        groups=options.group,
        exact=options.exact,
    )
    verdicts = verify(request)
    document = verdicts_json(verdicts)
    if options.output is not None:
        write_file(options.output, document)
    people = verdicts_text(verdicts, quiet=options.quiet, verbose=options.verbose)
    write_stdout(document if format == "json" else people)
    return 1 if any(verdict.differences for verdict in verdicts) else 0
