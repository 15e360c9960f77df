"""Images that are not running, and container root folders: every Python environment in them.

The first one is the Python that a container would start: that of VIRTUAL_ENV in the image's config, else the first on its PATH.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from steadypin.errors import SourceError
from steadypin.model.installed import PythonEnvironment
from steadypin.model.location import Location
from steadypin.sources.filetree import RootedTree, RootTree
from steadypin.sources.standalone import chosen_layout, read_folder, read_layout
from steadypin.sources.surroundings import Layout, elf_machine, glibc_level, layouts
from steadypin.sources.tags import Platform
from steadypin.sources.targets import NEWEST_GLIBC, NEWEST_MUSL
from steadypin.sources.venv_config import read_venv_config
from steadypin.values import dataclass, field, replace

_NO_PACKAGES = ("proc", "sys", "dev", "run", "boot")
_CACHES = (".cache", ".git", "node_modules", "__pycache__")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "arm": "armv7l", "ppc64le": "ppc64le"}
_METADATA = (".dist-info", ".egg-info")
_SITE_NAMES = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True, kw_only=True)
class _System:
    """One file system to search, and what is known of how it is run."""

    tree: RootedTree
    label: str
    architecture: str = ""
    user: str = ""
    environment: Mapping[str, str]


@dataclass(slots=True)
class _Found:
    """Prefixes and loose folders while a file system is walked."""

    prefixes: dict[str, None] = field(default_factory=dict)
    users: dict[str, None] = field(default_factory=dict)
    folders: dict[str, None] = field(default_factory=dict)


def read_image(path: Path) -> tuple[PythonEnvironment, ...]:
    """Every Python environment of a `docker save` tar, an OCI layout (tar or folder) or an unpacked container root.

    `PythonEnvironment.path` is `<path>:<prefix inside>`, locations are paths inside, `layer` says which layer brought a
    distribution. The one that a container would use comes first. Raises SourceError where the image is not readable.
    """
    environments: list[PythonEnvironment] = []
    for system in _systems(path):
        environments += _read_system(system)
    return tuple(environments)


def _systems(path: Path) -> Iterator[_System]:
    if path.is_dir() and not (path / "oci-layout").is_file() and not (path / "index.json").is_file():
        if not (path / "usr").is_dir() and not (path / "etc").is_dir():
            raise SourceError("neither an image nor a container's root folder", location=Location(path=str(path)))
        yield _System(tree=RootTree(str(path)), label=str(path), environment={})
        return
    from steadypin.sources.image_file import read_images

    images = read_images(path)
    for image in images:
        yield _System(
            tree=image.tree,
            label=str(path) if len(images) == 1 else f"{path}[{image.name or image.architecture}]",
            architecture=image.architecture,
            user=image.user,
            environment=image.environment,
        )


def _read_system(system: _System) -> list[PythonEnvironment]:
    found = _search(system.tree)
    machine = _machine(system)
    home = _home(system)
    merged: set[str] = set()
    environments: list[PythonEnvironment] = []
    for prefix in found.prefixes:
        config = read_venv_config(system.tree, prefix)
        every = layouts(system.tree, prefix)
        for layout in (chosen_layout(every, config),) if config and every else every:
            users = () if config else _user_folders(system.tree, f"{home}/.local", layout)
            merged.update(users)
            where = f"image {system.label}"
            environments.append(
                read_layout(prefix, layout, system.tree, config=config, where=where, machine=machine, user_folders=users)
            )
    environments.sort(key=lambda item: (_rank(system, item.path), -len(item.distributions), item.path))
    main = environments[0].target if environments else None
    covered = {path for environment in environments for path in environment.paths}
    for folder in (*found.users, *found.folders):
        if folder not in covered:
            environments.append(read_folder(folder, system.tree, fallback=main))
    environments = [item for item in environments if item.distributions or item.kind != "target"]
    environments.sort(key=lambda item: (_rank(system, item.path), -len(item.distributions), item.path))
    return [replace(item, kind="image", path=f"{system.label}:{item.path}") for item in environments]


def _search(tree: RootedTree) -> _Found:
    """Where environments are: pyvenv.cfg, conda-meta, lib/pythonX.Y, and other folders with metadata in them."""
    found = _Found()
    for folder, folders, files in tree.walk():
        here = folder.rstrip("/")
        folders[:] = [name for name in folders if name not in _CACHES and not (not here and name in _NO_PACKAGES)]
        if "pyvenv.cfg" in files:
            found.prefixes.setdefault(here)
            folders.clear()
        elif "conda-meta" in folders:
            found.prefixes.setdefault(here)
            folders[:] = [name for name in folders if name == "envs"]
        elif "os.py" in files and here.rpartition("/")[2].startswith(("python", "pypy")):
            found.prefixes.setdefault(_prefix_of(here))
        elif not here.endswith("/lib-dynload") and any(name.endswith(_METADATA) for name in (*folders, *files)):
            _sort_in(found, here, tree)
            folders.clear()
    return found


def _sort_in(found: _Found, folder: str, tree: RootedTree) -> None:
    """A folder with metadata: part of an installation, a user's site, or a place of its own."""
    parent, _, name = folder.rpartition("/")
    library = parent.rpartition("/")[2]
    prefix = _prefix_of(parent)
    if name not in _SITE_NAMES or not library.startswith(("python", "pypy")):
        found.folders.setdefault(folder)
    elif prefix.endswith("/.local"):
        found.users.setdefault(folder)
    elif tree.is_dir(f"{prefix}/bin") and prefix not in ("", "/usr/local"):
        found.prefixes.setdefault(prefix)
    else:
        found.folders.setdefault(folder)  # unless the prefix of an interpreter turns out to cover it


def _prefix_of(library: str) -> str:
    """/usr of /usr/lib/python3.11."""
    return library.rpartition("/")[0].rpartition("/")[0]


def _user_folders(tree: RootedTree, base: str, layout: Layout) -> tuple[str, ...]:
    if layout.python is None:
        return ()
    folder = f"{base}/lib/python{layout.python[0]}.{layout.python[1]}/site-packages"
    return (folder,) if tree.is_dir(folder) else ()


def _machine(system: _System) -> Platform | None:
    """The platform of the whole file system: processor and C library; None where nothing tells."""
    binaries = [f"{folder}/{name}" for folder in _path_folders(system) for name in ("python3", "python", "sh", "env")]
    elf = next((found for path in binaries if (found := elf_machine(system.tree, path))), None)
    processor = _ARCHITECTURES.get(system.architecture, system.architecture)
    if elf is None and not processor:
        return None
    name = f"linux_{processor}" if processor else elf.system if elf else ""
    library = name.removeprefix("linux_")
    musl = system.tree.is_file(f"/lib/ld-musl-{library}.so.1")
    glibc = None if musl else glibc_level(system.tree, library)
    if musl or (glibc is None and elf is not None and elf.musl):
        return Platform(system=name, musl=NEWEST_MUSL)
    return Platform(system=name, glibc=glibc or NEWEST_GLIBC)


def _path_folders(system: _System) -> list[str]:
    return [folder for folder in system.environment.get("PATH", _PATH).split(":") if folder.startswith("/")][:64]


def _home(system: _System) -> str:
    if home := system.environment.get("HOME"):
        return home.rstrip("/")
    user = system.user.partition(":")[0]
    if user in ("", "0", "root"):
        return "/root"
    try:
        lines = system.tree.read("/etc/passwd").decode("utf-8", "replace").splitlines()
    except OSError:
        return f"/home/{user}"
    fields = [line.split(":") for line in lines]
    homes = [entry[5].rstrip("/") for entry in fields if len(entry) >= 6 and user in (entry[0], entry[2])]
    return homes[0] if homes else f"/home/{user}"


def _rank(system: _System, prefix: str) -> int:
    """0 for the environment that VIRTUAL_ENV names, then by the place of its interpreter on PATH."""
    if system.environment.get("VIRTUAL_ENV", "").rstrip("/") == prefix:
        return 0
    for place, folder in enumerate(_path_folders(system), 1):
        if folder == f"{prefix}/bin" and any(system.tree.is_file(f"{folder}/{name}") for name in ("python3", "python")):
            return place
    return 1000
