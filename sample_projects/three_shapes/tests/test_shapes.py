"""Three shapes of breakage, told by the versions that are installed; run with `python -m unittest`."""

import unittest
from importlib.metadata import version

PINNED = {
    "humanize": "4.4.0",
    "more-itertools": "8.14.0",
    "sortedcontainers": "2.3.0",
    "toolz": "0.12.0",
    "wcwidth": "0.2.5",
}


def moved(name):
    return version(name) != PINNED[name]


class Shapes(unittest.TestCase):
    def test_more_itertools_breaks_alone(self):
        self.assertFalse(moved("more-itertools"), "more-itertools moved")

    def test_sortedcontainers_and_toolz_break_only_together(self):
        self.assertFalse(moved("sortedcontainers") and moved("toolz"), "sortedcontainers and toolz moved, both")

    def test_humanize_and_wcwidth_break_when_just_one_moves(self):
        self.assertEqual(moved("humanize"), moved("wcwidth"), "only one of humanize and wcwidth moved")


class Harmless(unittest.TestCase):
    def test_colours(self):
        import colorama

        self.assertEqual(colorama.Fore.RED, "\x1b[31m")

    def test_words(self):
        import inflection

        self.assertEqual(inflection.underscore("StagedUpgrade"), "staged_upgrade")

    def test_tables(self):
        import tabulate

        self.assertEqual(tabulate.tabulate([["a", 1]], tablefmt="plain"), "a  1")


if __name__ == "__main__":
    unittest.main()
