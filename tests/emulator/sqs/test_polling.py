"""Long polls of SQS."""

from urllib.parse import urlencode

import orjson
import pytest

from harness.emulator.port.http import Headers, Request, Response
from harness.emulator.sqs.polling import Poll, is_empty, read_poll

FORM = Headers((("Content-Type", "application/x-www-form-urlencoded"),))


def json_poll(**asked: object) -> Request:
    return Request("POST", "/", body=orjson.dumps({"QueueUrl": "q", **asked}))


def form_poll(**asked: str) -> Request:
    return Request("POST", "/", headers=FORM, body=urlencode({"QueueUrl": "q", **asked}).encode())


@pytest.mark.parametrize(
    ("request_", "poll"),
    [
        (json_poll(WaitTimeSeconds=5), Poll(json_poll(WaitTimeSeconds=0), 5.0)),
        (json_poll(), Poll(json_poll(WaitTimeSeconds=0), 0.0)),
        (json_poll(WaitTimeSeconds=99), Poll(json_poll(WaitTimeSeconds=0), 20.0)),
        (json_poll(WaitTimeSeconds="x"), Poll(json_poll(WaitTimeSeconds=0), 0.0)),
        (form_poll(WaitTimeSeconds="5"), Poll(form_poll(WaitTimeSeconds="0"), 5.0)),
        (Request("POST", "/", body=b"{"), Poll(Request("POST", "/", body=b"{"), 0.0)),
        (Request("POST", "/", body=b"[]"), Poll(Request("POST", "/", body=b"[]"), 0.0)),
    ],
    ids=["a wait", "no wait", "too long a wait", "no number", "the query protocol", "no JSON", "no object"],
)
def test_a_long_poll_is_taken_apart(request_: Request, poll: Poll) -> None:
    assert read_poll(request_) == poll


@pytest.mark.parametrize(
    ("response", "empty"),
    [
        (Response(200, body=b"{}"), True),
        (Response(200, body=b'{"Messages": [{}]}'), False),
        (Response(200, body=b"<ReceiveMessageResult><Message></Message></ReceiveMessageResult>"), False),
        (Response(400, body=b"{}"), False),
    ],
    ids=["nothing", "messages", "messages in XML", "a refusal"],
)
def test_a_poll_is_over_once_something_came(response: Response, empty: bool) -> None:
    assert is_empty(response) is empty
