"""What comes in and what goes out, validated."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from parking_api.errors import ApiError

_PLATE = re.compile(r"[A-Z]{1,3}-[A-Z]{1,2} ?[0-9]{1,4}[EH]?")


def spelling(plate: str) -> str:
    """The one way in which a plate is stored and looked up."""
    return " ".join(plate.upper().split())


def _plate(value: str) -> None:
    if not _PLATE.fullmatch(spelling(value)):
        raise ValidationError("not a licence plate")


class ZoneSchema(Schema):
    code = fields.String(required=True, validate=validate.Regexp(r"^[A-Z][0-9]{0,3}$"))
    title = fields.String(required=True, validate=validate.Length(min=1, max=80))
    cents_per_month = fields.Integer(required=True, validate=validate.Range(min=0))
    spaces = fields.Integer(required=True, validate=validate.Range(min=1))


class PermitSchema(Schema):
    number = fields.Integer(dump_only=True)
    plate = fields.String(required=True, validate=_plate)
    holder = fields.String(required=True, validate=validate.Length(min=1, max=120))
    zone = fields.String(required=True, attribute="zone_code")
    starts = fields.Date(required=True)
    months = fields.Integer(required=True, load_only=True, validate=validate.Range(min=1, max=24))
    ends = fields.Date(dump_only=True)
    cents = fields.Integer(dump_only=True)
    charge = fields.String(dump_only=True, allow_none=True)

    @post_load
    def one_spelling(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "plate": spelling(data["plate"])}


def load(schema: Schema, document: object) -> dict[str, Any]:
    """The validated document, or a 422 that names each field that is wrong."""
    try:
        return schema.load(document)
    except ValidationError as error:
        raise ApiError(422, "the document is not valid", error.normalized_messages()) from error
