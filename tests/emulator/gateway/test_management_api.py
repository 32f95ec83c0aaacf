"""API Gateway Management API (@connections), through boto3, with real WebSocket clients."""

import json
from dataclasses import replace

import pytest

from harness.emulator.gateway.management_answers import Caller
from harness.emulator.gateway.quotas import Quotas
from harness.emulator.port.http import Headers
from harness.record.observation import ConnectionPosted, digest_of
from tests.emulator.gateway.served import (
    UNKNOWN_ID,
    a_post,
    a_post_to,
    closing_of,
    received,
    run,
    serving,
    told,
)


@pytest.mark.aws("M-1", "M-2", "M-3", "M-4", "M-16", "X-4")
@pytest.mark.aws("7-11", assumed=True)
def test_post_get_and_delete() -> None:
    async def scenario() -> None:
        async with serving() as served, served.client() as client:
            connection = served.connection_id()
            served.clock.advance(2.0)
            posted = await served.call("post_to_connection", ConnectionId=connection, Data=b'{"p": 1}')
            assert posted["ResponseMetadata"]["HTTPStatusCode"] == 200
            assert await received(client) == '{"p": 1}'
            described = await served.call("get_connection", ConnectionId=connection)
            assert described["ConnectedAt"].isoformat() == "2023-11-14T22:13:20+00:00"
            assert described["LastActiveAt"].isoformat() == "2023-11-14T22:13:22+00:00"
            assert described["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "UA"}
            deleted = await served.call("delete_connection", ConnectionId=connection)
            assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
            assert await closing_of(client) == (1000, "Connection Closed Normally")
            await served.idle()
            [event] = served.functions.events_of("disconnect")
            assert told(event) == (1000, "Connection Closed Normally")
            assert served.of(ConnectionPosted) == [
                ConnectionPosted(1002.0, connection, 200, "invocation-1", 8, digest_of(b'{"p": 1}'))
            ]

    run(scenario())


@pytest.mark.parametrize(
    ("connection", "data", "expected"),
    [
        pytest.param(
            UNKNOWN_ID,
            b"x",
            ("GoneException", "", 410, "GoneException"),
            id="M-5 M-7 K-1 gone",
            marks=pytest.mark.aws("M-5", "M-7", "K-1"),
        ),
        pytest.param(
            "test",
            b"x",
            ("BadRequestException", "Invalid connectionId: test", 400, "ClientError"),
            id="M-6 K-4 malformed",
            marks=(pytest.mark.aws("M-6", "K-4"), pytest.mark.aws("7-10", assumed=True)),
        ),
        pytest.param(
            UNKNOWN_ID,
            b"x" * 131_073,
            ("PayloadTooLargeException", "Message too long", 413, "PayloadTooLargeException"),
            id="M-10 too large",
            marks=(pytest.mark.aws("M-10"), pytest.mark.aws("7-10", assumed=True)),
        ),
    ],
)
def test_post_that_is_refused(connection: str, data: bytes, expected: tuple[str, str, int, str]) -> None:
    async def scenario() -> None:
        async with serving() as served:
            *answer, kind = await served.error("post_to_connection", ConnectionId=connection, Data=data)
            assert (*answer, kind.__name__) == expected

    run(scenario())


@pytest.mark.aws("7-22", assumed=True)
@pytest.mark.aws("M-9", "M-12")
def test_caller_whose_role_may_not_call_is_denied_by_name() -> None:
    async def scenario() -> None:
        arn = "arn:aws:sts::000000000000:assumed-role/lambda/fan-out"
        manage = {
            "Effect": "Allow",
            "Action": "execute-api:ManageConnections",
            "Resource": "arn:aws:execute-api:us-east-1:000000000000:a1b2/dev/POST/@connections/*",
        }
        async with serving(callers={"AK": Caller(arn, (manage,))}) as served, served.client() as client:
            connection = served.connection_id()
            await served.call("post_to_connection", ConnectionId=connection, Data=b"allowed")
            assert await received(client) == "allowed"
            denied = await served.error("get_connection", ConnectionId=connection)
            assert denied[:3] == (
                "AccessDeniedException",
                f"User: {arn} is not authorized to perform: execute-api:ManageConnections on resource: "
                f"arn:aws:execute-api:us-east-1:********0000:a1b2/dev/GET/@connections/{connection[:-1]}%3D",
                403,
            )
            answer = served.gateway.manage(a_post(b"x"), "a1b2", "dev", "dev/@connections/x%3D")
            assert json.loads(answer.body)["message"] == (
                f"User: {arn} is not authorized to perform: execute-api:Invoke on resource: "
                "arn:aws:execute-api:us-east-1:********0000:a1b2/dev/POST/dev/@connections/x%3D"
            )

    run(scenario())


@pytest.mark.aws("Q-15")
def test_large_post_is_one_message() -> None:
    async def scenario() -> None:
        async with serving() as served, served.client() as client:
            data = "".join(chr(97 + n % 26) for n in range(131_072))
            await served.call("post_to_connection", ConnectionId=served.connection_id(), Data=data)
            assert await received(client) == data

    run(scenario())


@pytest.mark.aws("M-11")
def test_client_that_does_not_read_is_limited_and_delays_nobody() -> None:
    async def scenario() -> None:
        quotas = Quotas(client_buffer=200_000)
        async with serving(quotas=quotas) as served, served.client(max_queue=1) as slow:
            slow_id = served.connection_id()
            slow.transport.pause_reading()
            async with served.client() as quick:
                request = a_post(b"x" * 100_000)
                statuses = [a_post_to(served, slow_id, request) for _ in range(200)]
                assert statuses[0] == 200
                assert statuses[-1] == 429
                assert a_post_to(served, served.connection_id(), a_post(b"quick")) == 200
                assert await received(quick) == "quick"
            slow.transport.abort()

    run(scenario())


@pytest.mark.aws("Q-8", "M-19")
def test_calls_share_the_account_throttle() -> None:
    async def scenario() -> None:
        async with serving(quotas=Quotas(account_rate=1.0, account_burst=2)) as served, served.client():
            connection = served.connection_id()  # the handshake took one of two
            assert [a_post_to(served, connection, a_post(b"x")) for _ in range(2)] == [200, 429]
            served.clock.advance(1.0)
            assert a_post_to(served, connection, a_post(b"x")) == 200

    run(scenario())


@pytest.mark.aws("K-13", "M-8", "M-13")
def test_unsigned_or_misdirected_calls_are_forbidden() -> None:
    async def scenario() -> None:
        async with serving() as served, served.client():
            connection, post = served.connection_id(), a_post(b"x")
            manage = served.gateway.manage
            [(_, signed)] = post.headers.fields
            foreign = Headers((("Authorization", signed.replace("execute-api", "lambda")),))
            answers = (
                manage(replace(post, headers=Headers()), "a1b2", "dev", f"@connections/{connection}"),
                manage(replace(post, headers=foreign), "a1b2", "dev", f"@connections/{connection}"),
                manage(post, "a1b2", "prod", f"@connections/{connection}"),
                manage(post, "zzzz", "dev", f"@connections/{connection}"),
                manage(post, "a1b2", "dev", f"@connections/{connection}/more"),
                manage(replace(post, method="PUT"), "a1b2", "dev", f"@connections/{connection}"),
                manage(post, "a1b2", "dev", f"%40connections/{connection[:-1]}%3D"),
            )
            assert [(each.status, dict(each.headers).get("x-amzn-ErrorType")) for each in answers] == [
                (403, "MissingAuthenticationTokenException"),
                (403, "InvalidSignatureException"),
                (403, "ForbiddenException"),
                (403, "ForbiddenException"),
                (404, "NotFoundException"),
                (404, "NotFoundException"),
                (200, None),
            ]

    run(scenario())
