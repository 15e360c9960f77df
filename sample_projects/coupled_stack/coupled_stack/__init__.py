"""Build reports are uploaded, kept in object storage, and their steps put into order."""

from __future__ import annotations

import networkx
from flask import Flask, jsonify, request
from opentelemetry.sdk.trace import TracerProvider
from pydantic import BaseModel, Field, ValidationError


class Step(BaseModel):
    name: str = Field(min_length=1)
    after: list[str] = []
    seconds: float = Field(ge=0)


class BuildReport(BaseModel):
    commit: str = Field(pattern="^[0-9a-f]{7,40}$")
    steps: list[Step]


def order(report: BuildReport) -> list[str]:
    """The steps, each after what it waits for. Raises ValueError for a circle."""
    graph = networkx.DiGraph()
    for step in report.steps:
        graph.add_node(step.name)
        graph.add_edges_from((earlier, step.name) for earlier in step.after)
    try:
        return list(networkx.lexicographical_topological_sort(graph))
    except networkx.NetworkXUnfeasible:
        raise ValueError("the steps wait for each other") from None


def create_app(storage, bucket: str, provider: TracerProvider) -> Flask:
    """The application; `storage` is an S3 client."""
    app = Flask("coupled_stack")
    tracer = provider.get_tracer("coupled_stack")

    @app.post("/reports")
    def upload():
        with tracer.start_as_current_span("upload") as span:
            try:
                report = BuildReport.model_validate_json(request.get_data())
                ordered = order(report)
            except ValidationError as error:
                return jsonify(errors=[".".join(map(str, each["loc"])) for each in error.errors()]), 422
            except ValueError as error:
                return jsonify(errors=[str(error)]), 422
            span.set_attribute("steps", len(ordered))
            storage.put_object(Bucket=bucket, Key=f"{report.commit}.json", Body=report.model_dump_json())
            return jsonify(order=ordered, seconds=sum(step.seconds for step in report.steps)), 201

    return app
