"""Error answers in the shape that each AWS protocol's clients parse.

JSON services read `__type`, REST-JSON ones the header `x-amzn-ErrorType`, Query and REST-XML ones the XML `<Code>`;
one answer carries what its service's SDK looks for, so that the SDK raises the error by name. The header is always
there, because newer SDKs speak JSON to services that once spoke Query only.
"""

from xml.sax.saxutils import escape

import orjson

from harness.emulator.port.http import Response

_QUERY_SERVICES = frozenset(
    {
        "autoscaling",
        "cloudformation",
        "ec2",
        "elasticache",
        "elasticbeanstalk",
        "elasticloadbalancing",
        "iam",
        "monitoring",
        "rds",
        "redshift",
        "ses",
        "sns",
        "sqs",
        "sts",
    }
)
_XML_SERVICES = frozenset({"cloudfront", "route53", "s3"})


def aws_error(service: str, status: int, code: str, message: str) -> Response:
    """The error `code` in the protocol of `service` (its signing name)."""
    if service in _QUERY_SERVICES:
        return query_error(status, code, message)
    if service in _XML_SERVICES:
        return _xml(status, code, f"<Error>{_members(code, message)}</Error>")
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


def query_error(status: int, code: str, message: str) -> Response:
    """An error for a client that speaks a Query protocol, whatever the service."""
    request_id = "<RequestId>00000000-0000-0000-0000-000000000000</RequestId>"
    error = f"<Error><Type>Sender</Type>{_members(code, message)}</Error>"
    return _xml(status, code, f"<ErrorResponse>{error}{request_id}</ErrorResponse>")


def _members(code: str, message: str) -> str:
    return f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"


def _xml(status: int, code: str, body: str) -> Response:
    return Response(status, (("Content-Type", "text/xml"), ("x-amzn-ErrorType", code)), body.encode())
