"""Orders come as JSON from the shop; each becomes the lines of an invoice."""
import datetime
from decimal import ROUND_HALF_UP, Decimal

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate, validates
from stdnum.eu import vat

CENT = Decimal("0.01")


class LineSchema(Schema):
    title = fields.String(required=True)
    quantity = fields.Integer(required=True, validate=validate.Range(min=1))
    price = fields.Decimal(required=True, places=2)


class OrderSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    number = fields.String(required=True)
    ordered = fields.Date(required=True)
    customer = fields.String(required=True)
    vat_id = fields.String(allow_none=True)
    lines = fields.List(fields.Nested(LineSchema), required=True, validate=validate.Length(min=1))

    @validates("vat_id")
    def check_vat_id(self, value, **_):
        if value and not vat.is_valid(value):
            raise ValidationError("not a VAT number")

    @validates("ordered")
    def check_ordered(self, value, **_):
        if value > self.context["today"]:
            raise ValidationError("lies in the future")

    @post_load
    def add_total(self, data, **_):
        data["net"] = sum((line["quantity"] * line["price"] for line in data["lines"]), Decimal(0))
        return data


def read(document, today=None):
    """The order in `document`; raises marshmallow.ValidationError."""
    schema = OrderSchema(context={"today": today or datetime.date.today()})
    return schema.load(document)


def tax(net, rate=Decimal("0.07")):
    """The tax on books, rounded to a cent."""
    return (net * rate).quantize(CENT, ROUND_HALF_UP)
