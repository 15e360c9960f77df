from __future__ import annotations

import pytest

from tests.support.samples import Samples


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """The sample projects with their environments, really built, one for a session (and for a worker of pytest-xdist)."""
    return Samples(tmp_path_factory.mktemp("samples"))
