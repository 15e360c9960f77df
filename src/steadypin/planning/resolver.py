"""The resolver, as planning sees it."""

from __future__ import annotations

from typing import Protocol

from steadypin.model.resolution import Question, Resolution


class Resolver(Protocol):
    """Whoever can say whether a set of requirements fits together, and with which pins.

    Laws, held by every member (tests/contracts/test_resolvers.py): the pins of an answer satisfy every requirement and
    constraint of its question; a pin that may stay and can stay does stay; what `upgrade` names is raised as far as it goes;
    an unsolvable question has conflicts and no packages; anything else that goes wrong is a ResolverError.
    """

    @property
    def name(self) -> str:
        """The tool and its version, as the plan will say it."""
        ...

    def resolve(self, question: Question) -> Resolution:
        """One answer. Raises ResolverError."""
        ...
