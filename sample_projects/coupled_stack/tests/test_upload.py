import boto3
import pytest
from botocore.stub import Stubber
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from coupled_stack import create_app

STEPS = [
    {"name": "test", "after": ["build"], "seconds": 2.5},
    {"name": "build", "after": ["fetch"], "seconds": 4},
    {"name": "fetch", "seconds": 1},
]


@pytest.fixture
def storage():
    client = boto3.client("s3", region_name="eu-west-1", aws_access_key_id="nobody", aws_secret_access_key="nothing")
    with Stubber(client) as stubber:
        yield stubber


@pytest.fixture
def spans():
    return InMemorySpanExporter()


@pytest.fixture
def client(storage, spans):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return create_app(storage.client, "reports", provider).test_client()


def test_a_report_is_put_into_order_and_kept(client, storage, spans):
    storage.add_response("put_object", {})
    answer = client.post("/reports", json={"commit": "0123abc", "steps": STEPS})
    assert (answer.status_code, answer.json) == (201, {"order": ["fetch", "build", "test"], "seconds": 7.5})
    storage.assert_no_pending_responses()
    (span,) = spans.get_finished_spans()
    assert (span.name, dict(span.attributes)) == ("upload", {"steps": 3})


@pytest.mark.parametrize(
    ("document", "errors"),
    [
        ({"commit": "main", "steps": STEPS}, ["commit"]),
        ({"commit": "0123abc", "steps": [{"name": "", "seconds": -1}]}, ["steps.0.name", "steps.0.seconds"]),
        ({"commit": "0123abc", "steps": [{"name": "a", "after": ["a"], "seconds": 0}]}, ["the steps wait for each other"]),
    ],
)
def test_a_wrong_report_is_refused_and_nothing_is_kept(client, document, errors):
    answer = client.post("/reports", json=document)
    assert (answer.status_code, answer.json) == (422, {"errors": errors})


def test_a_document_that_is_no_json_is_refused(client):
    assert client.post("/reports", data=b"\xff{").status_code == 422
