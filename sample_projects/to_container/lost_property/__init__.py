"""The office's API."""

from flask import Flask, jsonify, request

from lost_property.matching import Matcher
from lost_property.uploads import file_name


def create_app(matcher=None):
    app = Flask(__name__)
    matcher = matcher or Matcher()

    @app.post("/found")
    def found():
        item = request.get_json()
        number = matcher.add(item["description"], item.get("keywords", ()))
        return jsonify(number=number), 201

    @app.get("/lost")
    def lost():
        return jsonify(matches=matcher.matches(request.args["description"]))

    @app.post("/photo")
    def photo():
        return jsonify(name=file_name(request.headers.get("X-Photo", "")))

    return app
