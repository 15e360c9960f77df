"""Wardens and clerks prove who they are with a short-lived token."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta, timezone

import jwt
from flask import Blueprint, current_app, jsonify, request

from parking_api.errors import ApiError

blueprint = Blueprint("tokens", __name__)
ROLES = ("warden", "clerk")


@blueprint.post("/tokens")
def create():
    document = request.get_json(silent=True) or {}
    if document.get("role") not in ROLES or not document.get("name"):
        raise ApiError(422, "name and role are needed", {"role": [f"one of {', '.join(ROLES)}"]})
    return jsonify(token=sign(document["name"], document["role"])), 201


def sign(name: str, role: str, *, now: datetime | None = None) -> str:
    ends = (now or datetime.now(timezone.utc)) + timedelta(minutes=current_app.config["TOKEN_MINUTES"])
    return jwt.encode({"sub": name, "role": role, "exp": ends}, current_app.config["SECRET_KEY"], algorithm="HS256")


def needs(role: str):
    """Refuse a request that does not carry a valid token of this role."""

    def decorate(view):
        @functools.wraps(view)
        def guarded(*args, **kwargs):
            if _role() != role:
                raise ApiError(403, f"only a {role} may do this")
            return view(*args, **kwargs)

        return guarded

    return decorate


def _role() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        raise ApiError(401, "a bearer token is needed")
    try:
        return jwt.decode(token, current_app.config["SECRET_KEY"], algorithms=["HS256"])["role"]
    except (jwt.InvalidTokenError, KeyError) as error:
        raise ApiError(401, "the token is not valid") from error
