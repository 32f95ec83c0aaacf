"""Signed requests to @connections, against the SDK's own signer."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials

from dex.ws.signed_requests import Endpoint, SignedRequests, parse_endpoint

AT = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        pytest.param(
            "https://abc.execute-api.eu-west-1.amazonaws.com/prod",
            Endpoint(
                True,
                "abc.execute-api.eu-west-1.amazonaws.com",
                443,
                "abc.execute-api.eu-west-1.amazonaws.com",
                "/prod",
            ),
            id="AWS",
        ),
        pytest.param(
            "http://127.0.0.1:4566/_aws/execute-api/abc/prod/",
            Endpoint(False, "127.0.0.1", 4566, "127.0.0.1:4566", "/_aws/execute-api/abc/prod"),
            id="a local path prefix",
        ),
        pytest.param(
            "https://push.dex.example:443",
            Endpoint(True, "push.dex.example", 443, "push.dex.example", ""),
            id="a custom domain, its default port written out",
        ),
        pytest.param(
            "http://[::1]:4566/prod", Endpoint(False, "::1", 4566, "[::1]:4566", "/prod"), id="IPv6"
        ),
    ],
)
def test_an_endpoint_is_read_from_its_url(url: str, endpoint: Endpoint) -> None:
    assert parse_endpoint(url) == endpoint


@pytest.mark.parametrize(
    "url", ["wss://abc/prod", "abc.execute-api/prod", "https:///prod", "http://h/p?q=1", ""]
)
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is no management endpoint; write https://host/stage"):
        parse_endpoint(url)


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("token", [None, "FwoGZXIvYXdzEB0aDH/+=="])
@pytest.mark.parametrize(
    "connection_id", ["PJqB0fHsqRcCHlw=", "_-AZaz09_-AZaz0=", "bad id/with?all%of+it:\u00e9"]
)
@pytest.mark.parametrize(
    "url",
    [
        "https://abc.execute-api.eu-west-1.amazonaws.com/prod",
        "https://abc.execute-api.eu-west-1.amazonaws.com/$default",
        "http://127.0.0.1:4566/_aws/execute-api/abc/prod",
    ],
)
def test_the_signature_is_the_sdks(method: str, url: str, connection_id: str, token: str | None) -> None:
    data = '{"type":"depth","market":"BTC-PERP","note":"\u20ac"}'.encode()
    credentials = ReadOnlyCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)
    requests = SignedRequests(
        parse_endpoint(url), "eu-west-1", credentials, data, at=AT, trace_id="Root=1-2-3", method=method
    )

    head, _, body = requests.request(connection_id).partition(b"\r\n\r\n")

    assert body == data
    assert _authorization(head) == _authorization_by_sdk(method, url, connection_id, token, data)


def test_a_request_is_all_that_http_needs() -> None:
    credentials = ReadOnlyCredentials("AKID", "secret", "token")
    endpoint = parse_endpoint("http://127.0.0.1:4566/prod")
    requests = SignedRequests(
        endpoint, "us-east-1", credentials, b"{}", at=AT, trace_id="Root=1-2-3;Sampled=0"
    )
    signature = requests.signature("PJqB0fHsqRcCHlw%3D")
    assert requests.request("PJqB0fHsqRcCHlw=").decode() == (
        "POST /prod/@connections/PJqB0fHsqRcCHlw%3D HTTP/1.1\r\n"
        "host: 127.0.0.1:4566\r\n"
        "x-amz-date: 20260301T123005Z\r\n"
        "x-amz-security-token: token\r\n"
        "x-amzn-trace-id: Root=1-2-3;Sampled=0\r\n"
        "content-length: 2\r\n"
        "authorization: AWS4-HMAC-SHA256 Credential=AKID/20260301/us-east-1/execute-api/aws4_request, "
        f"SignedHeaders=host;x-amz-date;x-amz-security-token, Signature={signature}\r\n"
        "\r\n"
        "{}"
    )


def _authorization(head: bytes) -> str:
    lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    return lines["authorization"]


def _authorization_by_sdk(method: str, url: str, connection_id: str, token: str | None, data: bytes) -> str:
    request = AWSRequest(method, f"{url}/@connections/{quote(connection_id, safe='')}", data=data)
    signer = SigV4Auth(
        Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token),
        "execute-api",
        "eu-west-1",
    )
    request.context["timestamp"] = f"{AT:%Y%m%dT%H%M%SZ}"
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    if token:
        request.headers["X-Amz-Security-Token"] = token
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    signed = signer.signed_headers(signer.headers_to_sign(request))
    return (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={signed}, Signature={signature}"
    )
