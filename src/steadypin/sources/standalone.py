"""Environments whose interpreter cannot be asked: bare folders, zipapps, broken and foreign venvs, prefixes in images."""

from __future__ import annotations

from pathlib import Path

from steadypin.errors import SourceError
from steadypin.model.installed import PythonEnvironment
from steadypin.model.location import Location, Problem
from steadypin.model.target import Target
from steadypin.sources.archives import ArchiveTree
from steadypin.sources.filetree import DISK, FileTree
from steadypin.sources.import_paths import import_paths
from steadypin.sources.installed import read_listing
from steadypin.sources.surroundings import (
    Layout,
    guess_target,
    layouts,
    minor_in_path,
)
from steadypin.sources.tags import Platform
from steadypin.sources.targets import running_target
from steadypin.sources.venv_config import VenvConfig, read_venv_config
from steadypin.values import replace


def read_folder(path: str, tree: FileTree = DISK, *, fallback: Target | None = None) -> PythonEnvironment:
    """A site-packages folder or what `pip install --target` made; `fallback` is its Python where nothing there tells."""
    whole = str(Path(path).absolute()) if tree is DISK else path
    parts = whole.replace("\\", "/").split("/")
    above = [tree.separator.join(whole.split(tree.separator)[:-depth]) for depth in (2, 3) if depth < len(parts)]
    config = next((found for prefix in above if (found := read_venv_config(tree, prefix))), None)
    layout = Layout(site_folders=(path,), python=minor_in_path(whole), windows=parts[-2:] == ["Lib", "site-packages"])
    is_site = parts[-1] in ("site-packages", "dist-packages")
    paths = import_paths([path], site_folders=[path] if is_site else [], tree=tree)
    listing = read_listing(paths, tree=tree)
    return PythonEnvironment(
        path=path,
        kind="target",
        target=guess_target(
            tree,
            layout=layout,
            config=config,
            binaries=(),
            fallback=fallback or running_target(),
            where=f"folder {path}",
        ),
        paths=paths,
        distributions=listing.distributions,
        problems=listing.problems,
    )


def read_zipapp(path: str) -> PythonEnvironment:
    """A zipapp, shiv or pex file, or a pex that was laid out as a folder. Raises SourceError where it is not readable."""
    try:
        tree: FileTree = DISK if Path(path).is_dir() else ArchiveTree(path)
    except OSError as error:
        raise SourceError(f"not a readable zipapp: {error.strerror}", location=Location(path=path)) from None
    paths = tuple(_zipapp_paths(path, tree))
    listing = read_listing(paths, tree=tree)
    return PythonEnvironment(
        path=path,
        kind="zipapp",
        target=guess_target(
            tree,
            layout=Layout(),
            config=None,
            binaries=(),
            fallback=running_target(),
            where=f"zipapp {path}",
            folders=paths,
        ),
        paths=paths,
        distributions=listing.distributions,
        problems=listing.problems,
    )


def _zipapp_paths(path: str, tree: FileTree) -> list[str]:
    """The archive itself, shiv's site-packages, and each wheel that a pex brings under .deps."""
    paths = [path, f"{path}{tree.separator}site-packages"]
    deps = f"{path}{tree.separator}.deps"
    if tree.is_dir(deps):
        paths += [f"{deps}{tree.separator}{name}" for name in sorted(tree.names(deps))]
    return [place for place in paths if tree.is_dir(place)]


def read_prefix(prefix: str, tree: FileTree = DISK, *, because: str = "") -> PythonEnvironment | None:
    """A venv, conda environment or installation by its folders alone; None where it has none for packages.

    `because` says why its interpreter was not asked, and becomes a problem of the environment.
    """
    config = read_venv_config(tree, prefix)
    found = layouts(tree, prefix)
    if not found:
        return None
    environment = read_layout(prefix, chosen_layout(found, config), tree, config=config, where=f"folders of {prefix}")
    if not because:
        return environment
    message = f"read from its folders, because the interpreter could not be asked: {because}"
    problem = Problem(message=message, location=Location(path=prefix))
    return replace(environment, problems=(*environment.problems, problem))


def read_layout(
    prefix: str,
    layout: Layout,
    tree: FileTree,
    *,
    config: VenvConfig | None,
    where: str,
    machine: Platform | None = None,
    user_folders: tuple[str, ...] = (),
) -> PythonEnvironment:
    """One Python of a prefix. `machine` and `where` as for `guess_target`; `user_folders` come before its own."""
    sites = [*user_folders, *layout.site_folders, *_base_folders(tree, config)]
    paths = import_paths(sites, site_folders=sites, tree=tree)
    listing = read_listing(paths, tree=tree)
    return PythonEnvironment(
        path=prefix,
        kind=_kind(tree, prefix, config),
        target=guess_target(
            tree,
            layout=layout,
            config=config,
            binaries=_binaries(tree, prefix, layout),
            fallback=running_target(),
            where=where,
            prefix=prefix,
            machine=machine,
        ),
        paths=paths,
        distributions=listing.distributions,
        externally_managed=config is None and _is_managed(tree, prefix, layout),
        system_site_packages=bool(config and config.system_site_packages),
        problems=listing.problems,
    )


def _is_managed(tree: FileTree, prefix: str, layout: Layout) -> bool:
    """PEP 668."""
    if layout.python is None:
        return False
    name = f"python{layout.python[0]}.{layout.python[1]}"
    return any(tree.is_file(tree.separator.join((prefix, lib, name, "EXTERNALLY-MANAGED"))) for lib in ("lib", "lib64"))


def chosen_layout(found: tuple[Layout, ...], config: VenvConfig | None) -> Layout:
    """The layout that counts: a venv that was upgraded in place keeps its old library folder, and pyvenv.cfg tells."""
    if config is not None and config.version:
        for layout in found:
            if layout.python and config.version.startswith(f"{layout.python[0]}.{layout.python[1]}."):
                return layout
    return found[0]


def _base_folders(tree: FileTree, config: VenvConfig | None) -> tuple[str, ...]:
    if config is None or not config.system_site_packages or not config.home:
        return ()
    base = config.home.rstrip("/").rpartition("/")[0]
    found = layouts(tree, base or "/")
    return chosen_layout(found, config).site_folders if found else ()


def _kind(tree: FileTree, prefix: str, config: VenvConfig | None) -> str:
    if config is not None:
        return config.maker
    return "conda" if tree.is_dir(f"{prefix}{tree.separator}conda-meta") else "system"


def _binaries(tree: FileTree, prefix: str, layout: Layout) -> list[str]:
    names = ["python3", "python"]
    if layout.python:
        names.insert(0, f"python{layout.python[0]}.{layout.python[1]}")
    return [tree.separator.join((prefix, "bin", name)) for name in names]
