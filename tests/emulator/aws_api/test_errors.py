"""Errors by protocol."""

import pytest

from harness.emulator.aws_api.errors import aws_error
from harness.emulator.port.http import Response

QUERY = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>C</Code><Message>a &lt; b</Message></Error>"
    b"<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
)
JSON = b'{"__type":"C","message":"a < b","Message":"a < b"}'


@pytest.mark.parametrize(
    ("service", "content_type", "body"),
    [
        ("dynamodb", "application/x-amz-json-1.0", JSON),
        ("lambda", "application/json", JSON),
        ("sns", "text/xml", QUERY),
        ("s3", "text/xml", b"<Error><Code>C</Code><Message>a &lt; b</Message></Error>"),
    ],
)
def test_errors_are_in_the_protocol_of_their_service(service: str, content_type: str, body: bytes) -> None:
    headers = (("Content-Type", content_type), ("x-amzn-ErrorType", "C"))

    assert aws_error(service, 418, "C", "a < b") == Response(418, headers, body)
