"""An endpoint elsewhere that is wrong, silent or dead: one clear message, in bounded time."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from urllib.request import urlopen

import orjson
import pytest
import urllib3
from botocore.exceptions import ClientError

from harness.backends.embedded import EmbeddedBackend, emulator_client
from harness.clock import Clock, ManualClock
from harness.emulator.elsewhere import topics
from harness.emulator.wiring import Emulator
from harness.errors import BackendError, UsageError
from harness.testbed import deploy
from tests.hybrid.conftest import REGION, a_stack
from tests.patience import WAIT


def test_the_death_of_the_other_side_is_one_message_for_the_runner_and_a_503_for_callers(
    tmp_path: Path,
) -> None:
    async def scenario() -> tuple[str, str, list[str]]:
        async with (
            EmbeddedBackend(region=REGION) as other,
            EmbeddedBackend(
                region=REGION, elsewhere={"dynamodb": other.endpoint, "sns": other.endpoint}
            ) as backend,
        ):
            await deploy(a_stack(tmp_path), backend)
            assert await backend.quiet(WAIT)
            await other.close()
            dynamodb: Any = backend.client("dynamodb")
            with pytest.raises(ClientError) as refused:
                await asyncio.to_thread(dynamodb.scan, TableName="Rooms")
            told = []
            for asking in (backend.seen(), backend.quiet(WAIT)):
                with pytest.raises(BackendError) as broken:
                    await asking
                told.append(str(broken.value))
            return other.endpoint, str(refused.value), told

    endpoint, refused, told = asyncio.run(scenario())
    message = f"dynamodb and sns at {endpoint} cannot be reached: Connection refused"
    assert "ServiceUnavailable" in refused and message in refused
    assert told == [message, message]


def test_an_endpoint_that_comes_back_is_used_again() -> None:
    async def scenario() -> None:
        async with EmbeddedBackend(region=REGION) as first:
            port = int(first.endpoint.rpartition(":")[2])
            async with EmbeddedBackend(region=REGION, elsewhere={"dynamodb": first.endpoint}) as backend:
                await first.close()
                with pytest.raises(BackendError, match="cannot be reached"):
                    await backend.quiet(WAIT)
                async with EmbeddedBackend(region=REGION, port=port):
                    assert await backend.quiet(WAIT)
                    dynamodb: Any = backend.client("dynamodb")
                    tables = await asyncio.to_thread(dynamodb.list_tables)
                    assert tables["TableNames"] == []
                    assert (await backend.seen()).lost == 0

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("elsewhere", "says"),
    [
        ({"lambda": "http://127.0.0.1:1"}, "lambda always runs in the emulator"),
        ({"sqs": "http://127.0.0.1:1"}, "with sqs, name the endpoint of sns too"),
        ({"sns": "127.0.0.1:4599"}, "'127.0.0.1:4599' is no endpoint of sns"),
    ],
    ids=["gateway and functions stay here", "queues without topics", "an endpoint without its scheme"],
)
def test_what_cannot_be_elsewhere_is_refused_before_anything_starts(
    elsewhere: dict[str, str], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        EmbeddedBackend(region=REGION, elsewhere=elsewhere)


def test_settings_of_tables_elsewhere_are_refused() -> None:
    async def scenario() -> None:
        async with EmbeddedBackend(region=REGION, elsewhere={"dynamodb": "http://127.0.0.1:9"}) as backend:
            await backend.set_dynamodb({})
            with pytest.raises(UsageError, match=r"the tables are at http://127\.0\.0\.1:9"):
                await backend.set_dynamodb({"index_lag": 0.5})

    asyncio.run(scenario())


# --- an SNS that asks for confirmations, or does not --------------------------------------------------------


class AskingSns(BaseHTTPRequestHandler):
    """Answers Subscribe with `pending confirmation`, and asks for that at once where `server.asks`."""

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        server = self.server
        assert isinstance(server, AskingServer)
        server.asked.append(form)
        match form["Action"]:
            case "Subscribe":
                server.endpoint = form["Endpoint"]
                if server.asks:
                    threading.Thread(target=server.ask_for_confirmation, daemon=True).start()
                self._answer("<SubscriptionArn>pending confirmation</SubscriptionArn>")
            case "ConfirmSubscription":
                self._answer("<SubscriptionArn>arn:aws:sns:us-east-1:000000000000:t:1</SubscriptionArn>")
            case "Publish":
                result = "<PublishResult><MessageId>m-1</MessageId></PublishResult>"
                self._answer(f"<PublishResponse>{result}</PublishResponse>")
            case _:
                self._answer("")

    def _answer(self, body: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
        """Nothing of it belongs in the tests' output."""


class AskingServer(ThreadingHTTPServer):
    daemon_threads = True
    asks = True
    endpoint = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), AskingSns)
        self.asked: list[dict[str, str]] = []

    def ask_for_confirmation(self) -> None:
        asking = {"Type": "SubscriptionConfirmation", "TopicArn": TOPIC, "Token": "the-token"}
        urlopen(self.endpoint, data=orjson.dumps(asking), timeout=WAIT).close()


TOPIC = "arn:aws:sns:us-east-1:000000000000:t"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"


@pytest.fixture
def sns() -> Iterator[AskingServer]:
    server = AskingServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join(WAIT)
    server.server_close()


@asynccontextmanager
async def in_front_of(
    server: AskingServer, *, clock: Clock | None = None, callback_host: str | None = None
) -> AsyncIterator[tuple[Emulator, Any]]:
    """An emulator whose topics are at the server, and an SNS client of it."""
    url = f"http://127.0.0.1:{server.server_address[1]}"
    async with Emulator(clock=clock, elsewhere={"sns": url}, callback_host=callback_host) as emulator:
        await emulator.listen("127.0.0.1", 0)
        yield emulator, emulator_client("sns", emulator.endpoint, REGION)


def subscribe(server: AskingServer, *, callback_host: str | None = None) -> str:
    """The ARN that Subscribe answers."""

    async def scenario() -> str:
        async with in_front_of(server, callback_host=callback_host) as (_, client):
            return await subscribed(client)

    return asyncio.run(scenario())


async def subscribed(client: Any) -> str:
    answer = await asyncio.to_thread(client.subscribe, TopicArn=TOPIC, Protocol="lambda", Endpoint=FUNCTION)
    return str(answer["SubscriptionArn"])


def test_a_subscription_is_answered_once_it_is_confirmed(sns: AskingServer) -> None:
    assert subscribe(sns) == f"{TOPIC}:1"
    actions = [(one["Action"], one.get("Protocol"), one.get("Token")) for one in sns.asked]
    assert actions == [
        ("Subscribe", "http", None),
        ("ConfirmSubscription", None, "the-token"),
        ("Unsubscribe", None, None),
    ]


def test_a_subscription_that_nobody_confirms_is_an_error_that_says_what_is_needed(
    sns: AskingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "CONFIRMED_WITHIN", 0.1)
    sns.asks = False
    with pytest.raises(
        ClientError, match=r"did not ask within 0 s .* it must be able to reach http://127.0.0.1"
    ):
        subscribe(sns)


def test_the_other_side_is_given_an_address_that_it_can_reach(sns: AskingServer) -> None:
    subscribe(sns, callback_host="127.1")  # another name of 127.0.0.1, whatever `localhost` means here
    assert sns.asked[0]["Endpoint"].startswith("http://127.1:")


def test_a_notification_that_never_comes_is_waited_for_in_bounds_only(sns: AskingServer) -> None:
    async def scenario() -> list[bool]:
        clock = ManualClock()
        async with in_front_of(sns, clock=clock) as (emulator, client):
            await subscribed(client)
            await asyncio.to_thread(client.publish, TopicArn=TOPIC, Message="lost")
            quiet = [await emulator.quiet(0.1)]
            clock.advance(topics.DELIVERED_WITHIN)
            return [*quiet, await emulator.quiet(WAIT)]

    assert asyncio.run(scenario()) == [False, True]


def test_only_a_subscription_has_an_address(sns: AskingServer) -> None:
    async def scenario() -> int:
        async with in_front_of(sns) as (emulator, _):
            guessed = f"{emulator.endpoint}/_harness/sns/guessed"
            answer = await asyncio.to_thread(
                urllib3.request, "POST", guessed, body=b'{"Type":"Notification"}', timeout=WAIT
            )
            return answer.status

    assert asyncio.run(scenario()) == 404


def test_an_emulator_by_itself_has_nothing_elsewhere() -> None:
    async def scenario() -> bytes:
        async with EmbeddedBackend(region=REGION) as backend:
            return (await backend._ask("GET", "elsewhere")).data

    assert orjson.loads(asyncio.run(scenario())) == {"services": {}, "awaited_notifications": 0}
