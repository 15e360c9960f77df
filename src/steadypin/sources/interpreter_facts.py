# ruff: noqa
# mypy: ignore-errors
"""Runs inside the inspected interpreter, Python 2.7 to 3.14: what it is and where it looks for packages.

This file is never imported by steadypin: its text is given to the other interpreter (`python -S -c`), and it is the first half of
the script that `steadypin snapshot --emit-script` prints. It uses the standard library alone and runs no code of what is
installed there: with -S no .pth file has been processed when it starts, and `site` is asked with its .pth handling taken out.
"""

from __future__ import print_function

import os
import re
import sys


def load_site():
    """The `site` module without the effects of importing it (Python 2 and old virtualenvs call main() in its body)."""
    if "site" in sys.modules and not getattr(sys.flags, "no_site", 0):
        return None
    source = find_site_source()
    if source is None or not re.search(r"(?m)^main\(\)", source[1]):
        import site

        return site
    module = type(sys)("site")
    module.__file__ = source[0]
    sys.modules["site"] = module
    exec(compile(re.sub(r"(?m)^main\(\)", "", source[1]), source[0], "exec", 0, True), module.__dict__)
    return module


def find_site_source():
    for folder in sys.path:
        path = os.path.join(folder or os.curdir, "site.py")
        if folder and os.path.isfile(path):
            with open(path, "rb") as stream:
                return path, stream.read().decode("latin-1").replace("\r\n", "\n")
    return None


def site_folders():
    """sys.path as a normal start would make it, less what .pth files add; and the folders whose .pth files would count."""
    own = ["", os.getcwd(), os.path.dirname(os.path.abspath(sys.argv[0]))]  # put there by `-c`, `-` or a script's own start
    before = [entry for index, entry in enumerate(sys.path) if index or entry not in own]
    sys.path[:] = list(before)
    site = load_site()
    if site is None:  # the snapshot script, started the usual way: .pth files have been processed already
        return [entry for entry in before if os.path.exists(entry)], [], None, []
    site.addpackage = lambda sitedir, name, known_paths, *rest, **more: known_paths
    for name in ("execsitecustomize", "execusercustomize", "sethelper", "enablerlcompleter", "setquit", "setcopyright"):
        if hasattr(site, name):
            setattr(site, name, lambda *rest: None)
    site.main()
    folders = [entry for entry in sys.path if entry not in before]
    user = getattr(site, "USER_SITE", None) if getattr(site, "ENABLE_USER_SITE", None) else None
    candidates = list(getattr(site, "getsitepackages", lambda: [])())
    return sys.path, folders, user, candidates + ([user] if user else [])


def implementation_version():
    import platform

    info = getattr(getattr(sys, "implementation", None), "version", None)
    if info is None:
        return platform.python_version()
    version = "%d.%d.%d" % tuple(info[:3])
    return version if info[3] == "final" else version + info[3][0] + str(info[4])


def marker_environment():
    """PEP 508's variables."""
    import platform

    implementation = getattr(sys, "implementation", None)
    name = implementation.name if implementation else platform.python_implementation().lower()
    return {
        "implementation_name": name,
        "implementation_version": implementation_version(),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def c_library():
    """("glibc" | "musl" | None, version)."""
    try:
        name, version = os.confstr("CS_GNU_LIBC_VERSION").split()
        return name, version
    except Exception:
        pass
    try:
        import glob
        import subprocess

        for loader in sorted(glob.glob("/lib/ld-musl-*.so.1")):
            process = subprocess.Popen([loader], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            found = re.search(r"Version (\d+\.\d+)", process.communicate()[1].decode("latin-1"))
            if found:
                return "musl", found.group(1)
    except Exception:
        pass
    return None, None


def platform_facts():
    """What compatible wheel tags are made of (PEP 425, 600, 656); the tags themselves are computed by the reader."""
    import platform
    import struct
    import sysconfig

    variables = sysconfig.get_config_vars()
    library, library_version = c_library()
    names = ("Py_DEBUG", "Py_GIL_DISABLED", "WITH_PYMALLOC", "Py_UNICODE_SIZE", "EXT_SUFFIX", "SOABI", "SO")
    return {
        "platform": sysconfig.get_platform(),
        "pointer_bits": 8 * struct.calcsize("P"),
        "mac_version": platform.mac_ver()[0],
        "mac_machine": platform.mac_ver()[2],
        "c_library": library,
        "c_library_version": library_version,
        "refcounts": hasattr(sys, "gettotalrefcount"),
        "wide_unicode": sys.maxunicode > 0xFFFF,
        "config": dict((name, variables.get(name)) for name in names),
        "version_nodot": variables.get("py_version_nodot"),
    }


def library_folders():
    """The folders of the standard library, and the ones where installers put packages."""
    import sysconfig

    standard, installs = [], []
    for name in ("stdlib", "platstdlib"):
        folder = sysconfig.get_path(name)
        if folder:
            standard += [folder, os.path.join(folder, "lib-dynload")]
    for name in ("purelib", "platlib"):
        folder = sysconfig.get_path(name)
        if folder:
            installs.append(folder)
    return standard, installs


def gather_facts():
    paths, folders, user, candidates = site_folders()
    standard, installs = library_folders()
    base = getattr(sys, "base_prefix", getattr(sys, "real_prefix", sys.prefix))
    base = getattr(sys, "real_prefix", base)
    marked = [os.path.join(folder, "EXTERNALLY-MANAGED") for folder in standard]
    return {
        "executable": sys.executable,
        "version": sys.version.split()[0].rstrip("+"),
        "version_info": list(sys.version_info[:3]),
        "prefix": sys.prefix,
        "base_prefix": base,
        "paths": [os.path.abspath(entry) for entry in paths],
        "site_folders": [os.path.abspath(entry) for entry in folders],
        "site_candidates": [[os.path.abspath(entry), os.path.exists(entry)] for entry in candidates + marked],
        "user_site": user,
        "standard_library": standard,
        "installs": installs,
        "externally_managed": sys.prefix == base and any(os.path.isfile(path) for path in marked),
        "markers": marker_environment(),
        "tags": platform_facts(),
    }


def print_answer(answer):
    """One line that can be found among whatever else is printed."""
    import json

    sys.stdout.write("\n" + "<<<steadypin " + json.dumps(answer, sort_keys=True) + " steadypin>>>\n")
    sys.stdout.flush()
