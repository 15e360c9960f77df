"""Facts -> one `PackageComparison` per name: the four ledgers joined once, so that no check has to join them again."""

from steadypin.comparison.join import compare

__all__ = ["compare"]
