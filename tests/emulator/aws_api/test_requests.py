"""Which service, operation and region a request names."""

import pytest

from harness.emulator.aws_api.requests import AwsCall, aws_call
from harness.emulator.port.http import Headers, Request

FORM = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")


def signed(service: str, region: str = "eu-west-1") -> tuple[str, str]:
    scope = f"AKID/20261122/{region}/{service}/aws4_request"
    return "Authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00"


def a_request(*fields: tuple[str, str], body: bytes = b"", query: str = "") -> Request:
    return Request("POST", "/", query, Headers(fields), body)


CALLS = {
    "a JSON service": (
        a_request(signed("dynamodb"), ("X-Amz-Target", "DynamoDB_20120810.PutItem")),
        AwsCall("dynamodb", "PutItem", "eu-west-1", "AKID"),
    ),
    "streams, which are signed as tables are": (
        a_request(signed("dynamodb"), ("X-Amz-Target", "DynamoDBStreams_20120810.GetRecords")),
        AwsCall("dynamodbstreams", "GetRecords", "eu-west-1", "AKID"),
    ),
    "a query service": (
        a_request(signed("sns"), FORM, body=b"Action=Publish&Message=x"),
        AwsCall("sns", "Publish", "eu-west-1", "AKID"),
    ),
    "an Action behind a long message, as the JavaScript SDK sends it": (
        a_request(signed("sns"), FORM, body=b"Message=" + b"x" * 100_000 + b"&Action=Publish"),
        AwsCall("sns", "Publish", "eu-west-1", "AKID"),
    ),
    "an Action within a message": (
        a_request(signed("sns"), FORM, body=b"Message=%26Action%3DSubscribe&Action=Publish"),
        AwsCall("sns", "Publish", "eu-west-1", "AKID"),
    ),
    "an Action in the query string": (
        a_request(signed("sns"), query="Action=ListTopics"),
        AwsCall("sns", "ListTopics", "eu-west-1", "AKID"),
    ),
    "a REST service": (a_request(signed("lambda")), AwsCall("lambda", "", "eu-west-1", "AKID")),
    "a presigned URL": (
        a_request(query="X-Amz-Credential=AKID%2F20261122%2Feu-west-1%2Fs3%2Faws4_request"),
        AwsCall("s3", "", "eu-west-1", "AKID"),
    ),
    "no signature": (a_request(("X-Amz-Target", "DynamoDB_20120810.PutItem")), None),
    "another authorization": (a_request(("Authorization", "Bearer x")), None),
}


@pytest.mark.parametrize(("request_", "call"), CALLS.values(), ids=CALLS)
def test_what_a_request_calls(request_: Request, call: AwsCall | None) -> None:
    assert aws_call(request_) == call
