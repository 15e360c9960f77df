"""/permits: ask for one, pay it, look plates up."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, current_app, jsonify, request

from parking_api import services
from parking_api.database import session
from parking_api.errors import ApiError
from parking_api.models import Permit
from parking_api.schemas import PermitSchema, load, spelling
from parking_api.tokens import needs

blueprint = Blueprint("permits", __name__, url_prefix="/permits")


@blueprint.post("")
@needs("clerk")
def create():
    permit = services.issue(session(), **load(PermitSchema(), request.get_json(silent=True)))
    return jsonify(PermitSchema().dump(permit)), 201


@blueprint.post("/<int:number>/charge")
@needs("clerk")
def pay(number: int):
    permit = session().get(Permit, number)
    if permit is None:
        raise ApiError(404, f"there is no permit {number}")
    if permit.charge is None:
        permit.charge = services.charge(permit, current_app.config["PAYMENT_URL"])
    return jsonify(PermitSchema().dump(permit))


@blueprint.get("/valid")
@needs("warden")
def valid():
    plate = spelling(request.args.get("plate", ""))
    try:
        day = date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        raise ApiError(422, "say the day", {"on": ["a date like 2024-10-21"]}) from None
    return jsonify(PermitSchema(many=True).dump(services.valid_on(session(), plate, day)))
