"""Why a package is there, and what holds it: the requirements around one package."""

from __future__ import annotations

from steadypin.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeNode:
    """A package, or a place of the project that declares one, as it was reached over one requirement.

    `asks` is the specifier on the way here ("" admits anything, None where a lock does not say), `note` what else there is to
    say of the way ("extra x", "group dev", "constraint"). `refuses` is the release of the package in question that this
    requirement shuts out. `repeated`: what hangs below is shown elsewhere; `cut`: there is more below than was asked for.
    """

    name: str
    version: str | None = None
    asks: str | None = None
    note: str = ""
    refuses: str | None = None
    children: tuple[TreeNode, ...] = ()
    repeated: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageTree:
    """Both directions. `source` is "environment" or "locks": where the requirements were read."""

    name: str
    version: str | None
    wanted: str | None
    latest: str | None
    needs: tuple[TreeNode, ...]
    needed_by: tuple[TreeNode, ...]
    source: str
