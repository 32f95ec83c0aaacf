"""API keys and AWS_IAM on `$connect`, and signatures that are verified, with real clients (A-11, A-12)."""

import asyncio
import time
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness.emulator.gateway.apis import Api, Authorizer, Stage, Throttling, UnsupportedAuthorization
from tests.emulator.gateway.served import Event, Served, a_route, an_api, refused, run, serving
from tests.patience import WAIT

KEY = "a-key-of-twenty-letters"
UNSIGNED = (403, "MissingAuthenticationTokenException", "Missing Authentication Token")
FORBIDDEN = (403, "ForbiddenException", "Forbidden")


def with_keys(**rest: str) -> Api:
    stage = Stage("dev", api_keys={KEY: None, "slow": Throttling(1.0, 1)})
    return an_api(a_route("$connect", api_key_required=True), stage=stage, **rest)


@pytest.mark.aws("G-6")
def test_an_authorization_that_is_not_known_lets_nobody_in() -> None:
    async def scenario() -> None:
        api = an_api(a_route("$connect", authorization=UnsupportedAuthorization("JWT")))
        async with serving(api=api) as served:
            assert await refused(served) == FORBIDDEN
            assert served.functions.calls == []

    run(scenario())


@pytest.mark.aws("A-12")
@pytest.mark.parametrize("headers", [{}, {"x-api-key": ""}, {"x-api-key": "wrong"}, {"other": KEY}])
def test_handshake_without_a_right_api_key_is_forbidden(headers: dict[str, str]) -> None:
    async def scenario() -> None:
        async with serving(api=with_keys()) as served:
            assert await refused(served, additional_headers=headers) == FORBIDDEN
            assert served.functions.calls == []

    run(scenario())


@pytest.mark.aws("A-12")
def test_handshake_with_an_api_key_in_its_header_is_accepted() -> None:
    async def scenario() -> None:
        async with serving(api=with_keys()) as served:
            async with served.client(additional_headers={"X-Api-Key": KEY}):
                assert len(served.functions.events_of("connect")) == 1
            await served.idle()

    run(scenario())


@pytest.mark.aws("C-17")
def test_handshakes_beyond_the_usage_plan_of_their_key_are_429() -> None:
    async def scenario() -> None:
        slow = {"x-api-key": "slow"}
        async with serving(api=with_keys()) as served, served.client(additional_headers=slow):
            assert await refused(served, additional_headers=slow) == (
                429,
                "LimitExceededException",
                "Too Many Requests",
            )
            served.clock.advance(1.0)
            async with served.client(additional_headers=slow):
                assert served.gateway.open_connections() == 2

    run(scenario())


@pytest.mark.aws("A-9", "A-12")
def test_api_key_can_come_from_the_authorizer_which_is_asked_each_time() -> None:
    async def authorize(event: Event) -> object:
        statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
        key = event["queryStringParameters"]["key"]
        return {
            "principalId": "user",
            "policyDocument": {"Statement": [statement]},
            "usageIdentifierKey": key,
        }

    async def scenario() -> None:
        authorizer = Authorizer("x1", "keys", "authorize")
        api = an_api(
            a_route("$connect", authorization=authorizer, api_key_required=True),
            stage=Stage("dev", api_keys={KEY: None}),
            api_key_selection_expression="$context.authorizer.usageIdentifierKey",
        )
        async with serving(api=api, authorize=authorize) as served:
            assert await refused(served, "?key=wrong", additional_headers={"x-api-key": KEY}) == FORBIDDEN
            for _ in range(2):
                async with served.client(f"?key={KEY}"):
                    pass
            await served.idle()
            assert [name for name, _, _ in served.functions.calls] == [
                "authorize",
                "authorize",
                "connect",
                "authorize",
                "connect",
            ]

    run(scenario())


# --- AWS_IAM ---------------------------------------------------------------------------------------------------

IAM = an_api(a_route("$connect", authorization="AWS_IAM"), a_route("send"))
SECRETS = {"AK": "s"}


def a_signed_header(served: Served, *, secret: str = "s") -> dict[str, str]:
    parts = urlsplit(served.url)
    request = AWSRequest("GET", f"http://{parts.netloc}{parts.path}", headers={"Host": parts.netloc})
    SigV4Auth(Credentials("AK", secret), "execute-api", "us-east-1").add_auth(request)
    return {name: request.headers[name] for name in ("Authorization", "X-Amz-Date")}


def a_presigned_query(served: Served, *, secret: str = "s") -> str:
    parts = urlsplit(served.url)
    request = AWSRequest("GET", f"http://{parts.netloc}{parts.path}?market=BTC")
    SigV4QueryAuth(Credentials("AK", secret), "execute-api", "us-east-1", expires=300).add_auth(request)
    return f"?{urlsplit(str(request.url)).query}"


@pytest.mark.aws("A-11", assumed=True)
@pytest.mark.parametrize("secrets", [None, SECRETS], ids=["looked at", "verified"])
def test_iam_takes_signed_handshakes_only(secrets: dict[str, str] | None) -> None:
    async def scenario() -> None:
        async with serving(api=IAM, secrets=secrets, wall_time=time.time()) as served:
            assert await refused(served) == UNSIGNED
            async with served.client(additional_headers=a_signed_header(served)) as client:
                await client.send('{"action":"send"}')  # only $connect is guarded
                await served.until(lambda: served.functions.events_of("send"))
            async with served.client(a_presigned_query(served)):
                pass
            await served.idle()
            first, second = served.functions.events_of("connect")
            assert ("Authorization" in first["headers"], second["queryStringParameters"]["market"]) == (
                True,
                "BTC",
            )

    run(scenario())


@pytest.mark.aws("A-11", assumed=True)
def test_verified_handshake_with_a_wrong_signature_is_refused() -> None:
    async def scenario() -> None:
        async with serving(api=IAM, secrets=SECRETS, wall_time=time.time()) as served:
            for attempt in (
                await refused(served, additional_headers=a_signed_header(served, secret="other")),
                await refused(served, a_presigned_query(served, secret="other")),
            ):
                status, error_type, message = attempt
                assert (status, error_type) == (403, "InvalidSignatureException")
                assert message.startswith("The request signature we calculated does not match")
            assert served.functions.calls == []

    run(scenario())


@pytest.mark.aws("M-8", "M-13")
def test_verified_calls_of_the_sdk_pass_and_those_of_strangers_do_not() -> None:
    async def scenario() -> None:
        async with serving(secrets=SECRETS, wall_time=time.time()) as served, served.client() as client:
            connection = served.connection_id()
            await served.call("post_to_connection", ConnectionId=connection, Data=b"signed")
            assert await asyncio.wait_for(client.recv(), WAIT) == "signed"
            await served.call("get_connection", ConnectionId=connection)

        async with serving(secrets={"AK": "other"}, wall_time=time.time()) as served, served.client():
            connection = served.connection_id()
            code, message, status, _ = await served.error(
                "post_to_connection", ConnectionId=connection, Data=b"x"
            )
            assert (status, code) == (403, "InvalidSignatureException")
            assert message.startswith("The request signature we calculated does not match")

        async with serving(secrets={}, wall_time=time.time()) as served, served.client():
            connection = served.connection_id()
            answer = await served.error("delete_connection", ConnectionId=connection)
            assert answer[:3] == (
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
                403,
            )

    run(scenario())
