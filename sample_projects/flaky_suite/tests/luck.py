"""Where the flaky test gets its luck from.

Left alone it fails one time in eight. For a test that must come out the same each time, two variables decide:

    FLAKY_SUITE_STATE   a file that counts the runs, outside of the project
    FLAKY_SUITE_FAILS   which runs fail, counted from 1: "3,4"
"""

import os
import random
from pathlib import Path


def out_of_luck():
    state = os.environ.get("FLAKY_SUITE_STATE")
    if not state:
        return random.random() < 1 / 8
    with Path(state).open("a", encoding="ascii") as file:
        file.write("x")
    return str(Path(state).stat().st_size) in os.environ.get("FLAKY_SUITE_FAILS", "").split(",")
