"""Error answers in the shape that each AWS protocol's clients parse.

JSON services read `__type`, REST-JSON ones the header `x-amzn-ErrorType`, Query ones the XML `<Code>`; one answer
carries what its service's SDK looks for, so that the SDK raises the error by name.
"""

from xml.sax.saxutils import escape

import orjson

from harness.emulator.http import Response

_QUERY_SERVICES = frozenset({"sns", "sqs", "iam", "sts", "cloudformation", "monitoring", "ses", "ec2", "rds"})


def aws_error(service: str, status: int, code: str, message: str) -> Response:
    """The error `code` in the protocol of `service` (its signing name)."""
    if service in _QUERY_SERVICES:
        return Response(status, (("Content-Type", "text/xml"),), _query_error(code, message))
    body = orjson.dumps({"__type": code, "message": message, "Message": message})
    content_type = "application/x-amz-json-1.0" if service == "dynamodb" else "application/json"
    return Response(status, (("Content-Type", content_type), ("x-amzn-ErrorType", code)), body)


def not_emulated(service: str, operation: str) -> Response:
    """501 for what we do not emulate, by name: never an empty success."""
    return aws_error(
        service,
        501,
        "NotImplemented",
        f"{service}:{operation} is not emulated by fanout-harness; nothing was done.",
    )


def _query_error(code: str, message: str) -> bytes:
    return (
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        "</Error><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
    ).encode()
