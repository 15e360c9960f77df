"""/zones: where one may park, and what it costs."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from sqlalchemy import select

from parking_api.database import session
from parking_api.errors import ApiError
from parking_api.models import Zone
from parking_api.schemas import ZoneSchema, load
from parking_api.tokens import needs

blueprint = Blueprint("zones", __name__, url_prefix="/zones")


@blueprint.get("")
def index():
    return jsonify(ZoneSchema(many=True).dump(session().scalars(select(Zone).order_by(Zone.code))))


@blueprint.post("")
@needs("clerk")
def create():
    document = load(ZoneSchema(), request.get_json(silent=True))
    if session().get(Zone, document["code"]):
        raise ApiError(409, f"zone {document['code']} is there already")
    session().add(Zone(**document))
    return jsonify(document), 201
