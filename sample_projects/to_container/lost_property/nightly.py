"""Throw away what nobody wanted.

Usage: nightly [--days=N]

Options:
  --days=N  How long things are kept [default: 90].
"""

from docopt import docopt


def days(arguments=None):
    return int(docopt(__doc__, argv=arguments or [])["--days"])


def label(number):
    """A shelf label, where the colleague's tool is installed."""
    try:
        from label_sheet import label as draw
    except ImportError:
        return f"No. {number}"
    return draw(number)
