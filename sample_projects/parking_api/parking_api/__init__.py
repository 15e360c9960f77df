"""Parking permits of a small town: residents ask for a permit, wardens look plates up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, jsonify

from parking_api import database, permits, tokens, zones
from parking_api.errors import ApiError


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """An application of its own, with its own database; `config` overrides the defaults."""
    app = Flask("parking_api")
    app.config.from_mapping(
        DATABASE_URL="sqlite://",
        SECRET_KEY="only-for-development-change-it-before-going-live",
        TOKEN_MINUTES=30,
        PAYMENT_URL="http://payments.example/charges",
    )
    app.config.update(config or {})
    database.attach(app)
    for blueprint in (tokens.blueprint, zones.blueprint, permits.blueprint):
        app.register_blueprint(blueprint)
    app.register_error_handler(ApiError, _as_json)
    return app


def _as_json(error: ApiError):
    return jsonify(error=error.message, fields=error.fields), error.status
