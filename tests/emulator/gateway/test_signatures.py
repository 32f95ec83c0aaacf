"""Signature Version 4, against requests that botocore signs (A-11, M-8, M-13)."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness.emulator.gateway.signatures import (
    Fault,
    Signature,
    canonical_request,
    fault_of_signature,
    read_signature,
    string_to_sign,
)
from harness.emulator.port.http import Headers, Request

REGION = "eu-west-1"
SECRETS = {"AKID": "secret", "ASIA": "another"}
HOST = "a1b2.execute-api.eu-west-1.amazonaws.com"
POST = "/prod/@connections/L0SM9cOFvHcCIhw%3D"


def signed(
    method: str = "POST",
    path: str = POST,
    query: str = "",
    body: bytes = b"hello",
    *,
    key: str = "AKID",
    token: str | None = None,
    service: str = "execute-api",
    region: str = REGION,
) -> Request:
    """What botocore sends, signed in a header."""
    url = f"https://{HOST}{path}" + (f"?{query}" if query else "")
    request = AWSRequest(method, url, data=body, headers={"Host": HOST})
    SigV4Auth(Credentials(key, SECRETS.get(key, "?"), token), service, region).add_auth(request)
    fields = tuple((name, str(value)) for name, value in request.headers.items())
    return Request(method, path, query, Headers(fields), body)


def presigned(path: str = "/prod", query: str = "token=a%20b&x=", *, lifetime: int = 60) -> Request:
    """A URL that botocore signs for a handshake; the client adds the Host and its own headers."""
    request = AWSRequest("GET", f"https://{HOST}{path}?{query}")
    SigV4QueryAuth(Credentials("AKID", "secret"), "execute-api", REGION, expires=lifetime).add_auth(request)
    fields = (("Host", HOST), ("Upgrade", "websocket"))
    return Request("GET", path, urlsplit(str(request.url)).query, Headers(fields))


def signed_at(request: Request) -> float:
    """The wall time of the request's signature."""
    signature = read_signature(request)
    assert signature is not None
    return datetime.strptime(signature.signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def fault(request: Request, *, later: float = 0.0) -> Fault | None:
    """How the request is refused so many seconds after it was signed."""
    now = signed_at(request) + later
    return fault_of_signature(request, read_signature(request), REGION, secret_of=SECRETS.get, now=now)


@pytest.mark.aws("M-13", "M-14")
@pytest.mark.aws("A-11", assumed=True)
@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(signed(), id="a POST of the SDK"),
        pytest.param(signed(path=POST.replace("@", "%40")), id="an encoded @"),
        pytest.param(signed("GET", body=b""), id="a GET"),
        pytest.param(signed(key="ASIA", token="a/token=="), id="with a session token"),
        pytest.param(
            signed("GET", "/$default", "b=2&a=1&a=0&c", b""), id="a stage of its own kind, and a query"
        ),
        pytest.param(signed("GET", "/prod", "q=%C3%A4%2F~", b""), id="a query with unreserved letters"),
        pytest.param(presigned(), id="a presigned handshake"),
    ],
)
def test_what_an_sdk_signs_holds(request_: Request) -> None:
    assert fault(request_) is None


MISMATCH = "The request signature we calculated does not match the signature you provided. "


@pytest.mark.aws("M-8")
@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(replace(signed(), body=b"other"), id="another body"),
        pytest.param(replace(signed(), method="DELETE"), id="another method"),
        pytest.param(replace(signed(), path=POST.replace("L0SM", "AAAA")), id="another path"),
        pytest.param(replace(signed(), query="x=1"), id="another query"),
        pytest.param(
            replace(presigned(), headers=Headers((("Host", "elsewhere"),))), id="another host, presigned"
        ),
    ],
)
def test_a_request_that_was_changed_does_not_match(request_: Request) -> None:
    found = fault(request_)
    assert found is not None
    assert (found.error_type, found.message.startswith(MISMATCH)) == ("InvalidSignatureException", True)
    assert "The Canonical String for this request should have been" in found.message


@pytest.mark.aws("M-8", "M-13")
@pytest.mark.parametrize(
    ("request_", "later", "expected"),
    [
        pytest.param(
            signed(key="STRANGER"),
            0.0,
            Fault("UnrecognizedClientException", "The security token included in the request is invalid."),
            id="a key that nobody was given",
        ),
        pytest.param(
            signed(region="us-east-1"),
            0.0,
            Fault(
                "InvalidSignatureException",
                "Credential should be scoped to a valid region, not 'us-east-1'. ",
            ),
            id="another region",
        ),
        pytest.param(
            signed(service="lambda"),
            0.0,
            Fault(
                "InvalidSignatureException",
                "Credential should be scoped to correct service: 'execute-api'. ",
            ),
            id="another service",
        ),
    ],
)
def test_a_signature_for_something_else_is_refused(request_: Request, later: float, expected: Fault) -> None:
    assert fault(request_, later=later) == expected


@pytest.mark.aws("M-8")
@pytest.mark.parametrize(
    ("request_", "later", "words"),
    [
        pytest.param(signed(), 300.0, None, id="five minutes old"),
        pytest.param(signed(), 301.0, "Signature expired: ", id="older"),
        pytest.param(signed(), -300.0, None, id="five minutes ahead"),
        pytest.param(signed(), -301.0, "Signature not yet current: ", id="further ahead"),
        pytest.param(presigned(lifetime=60), 60.0, None, id="presigned, at its end"),
        pytest.param(presigned(lifetime=60), 61.0, "Signature expired: ", id="presigned, after its end"),
    ],
)
def test_a_signature_holds_for_a_while(request_: Request, later: float, words: str | None) -> None:
    found = fault(request_, later=later)
    assert (None if found is None else found.message[: len(words or "")]) == words


def test_an_expired_signature_is_told_in_aws_words() -> None:
    request = Request(
        "GET",
        "/prod",
        headers=Headers(
            (
                ("X-Amz-Date", "20231114T221320Z"),
                (
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=AKID/20231114/eu-west-1/execute-api/aws4_request, "
                    "SignedHeaders=host, Signature=0",
                ),
            )
        ),
    )
    assert fault(request, later=600.0) == Fault(
        "InvalidSignatureException",
        "Signature expired: 20231114T221320Z is now earlier than 20231114T221820Z (20231114T222320Z - 5 min.)",
    )


@pytest.mark.aws("M-8")
@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("Authorization", "Bearer x"),),
        (("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20231114/eu-west-1/execute-api/aws4_request"),),
        (("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/x, SignedHeaders=host, Signature=0"),),
    ],
    ids=["no header", "another scheme", "no signature", "no scope"],
)
def test_a_request_without_a_readable_signature_is_unsigned(headers: tuple[tuple[str, str], ...]) -> None:
    request = Request("POST", POST, headers=Headers(headers))
    assert fault_of_signature(request, read_signature(request), REGION, secret_of=None, now=0.0) == Fault(
        "MissingAuthenticationTokenException", "Missing Authentication Token"
    )


def test_without_secrets_only_the_scope_counts() -> None:
    request = replace(signed(), body=b"other")
    signature = read_signature(request)
    assert fault_of_signature(request, signature, REGION, secret_of=None, now=0.0) is None


def test_texts_are_those_of_aws_own_example() -> None:
    """`get-vanilla` of AWS's test suite for Signature Version 4."""
    fields = (("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z"))
    signature = Signature(
        "AKIDEXAMPLE",
        "us-east-1",
        "service",
        "20150830",
        "20150830T123600Z",
        ("host", "x-amz-date"),
    )
    canonical = canonical_request(Request("GET", "/", headers=Headers(fields)), signature)
    assert string_to_sign(signature, canonical) == (
        "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
        "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63"
    )
