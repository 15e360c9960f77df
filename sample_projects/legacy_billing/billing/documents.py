"""The text of an invoice."""
import os

import jinja2
from tabulate import tabulate

from billing.dunning import due_day
from billing.orders import tax

ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(os.path.join(os.path.dirname(__file__), "templates")),
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
)
ENVIRONMENT.filters["money"] = "EUR {:,.2f}".format
ENVIRONMENT.filters["day"] = lambda value: value.strftime("%d.%m.%Y")


def invoice(order):
    rows = [(line["quantity"], line["title"], "%.2f" % line["price"]) for line in order["lines"]]
    return ENVIRONMENT.get_template("invoice.txt").render(
        order,
        table=tabulate(rows, headers=("qty", "title", "price"), disable_numparse=True),
        tax=tax(order["net"]),
        due=due_day(order["ordered"]),
    )
