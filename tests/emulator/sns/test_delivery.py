"""Who gets a published message, and what the publisher hears of it."""

from collections.abc import Callable
from random import Random
from urllib.parse import urlencode

import orjson
import pytest

from harness.clock import ManualClock
from harness.emulator.http import Request, Response
from harness.emulator.lambda_runtime.outcome import Cause, NoSuchFunction, Outcome, RequestId
from harness.emulator.letters import Letter
from harness.emulator.sns.delivery import DeliveryRefused, SnsDelivery, Subscription
from harness.emulator.sns.filter_policy import FilterPolicy
from harness.emulator.sns.publish import Publication

TOPIC = "arn:aws:sns:us-east-1:000000000000:t"


class Invoked:
    """Functions that only note their invocations: (function, message, message ids)."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, tuple[str, ...]]] = []

    async def invoke(self, function: str, payload: bytes, *, cause: Cause) -> Outcome:
        raise NotImplementedError

    def invoke_event(self, function: str, payload: bytes, *, cause: Cause) -> RequestId | NoSuchFunction:
        if function == "gone":
            return NoSuchFunction(function)
        message = orjson.loads(payload)["Records"][0]["Sns"]["Message"]
        self.events.append((function, message, cause.messages))
        return RequestId("r")


class Topic:
    """A topic with these subscriptions; `forwarded` is what went to other protocols."""

    def __init__(
        self, *subscribed: tuple[str, str, FilterPolicy | None], dead_letter_queue: str = ""
    ) -> None:
        self.functions = Invoked()
        self.forwarded: list[tuple[Publication, str]] = []
        self.redriven: list[tuple[str, str]] = []
        self._subscriptions = [
            Subscription(f"{TOPIC}:{endpoint}", protocol, endpoint, policy, self._forward, dead_letter_queue)
            for protocol, endpoint, policy in subscribed
        ]
        self._delivery = SnsDelivery(
            subscriptions=lambda arn: self._subscriptions if arn == TOPIC else None,
            functions=self.functions,
            run_elsewhere=_at_once,
            clock=ManualClock(),
            random=Random(1),
            redrive=self._redrive,
        )

    def _forward(self, publication: Publication, message_id: str) -> None:
        if publication.message == "refuse":
            raise DeliveryRefused("no such queue")
        self.forwarded.append((publication, message_id))

    def _redrive(self, letter: Letter) -> None:
        self.redriven.append((letter.target, orjson.loads(letter.body)["Message"]))

    def publish(self, **form: str) -> Response:
        return self._delivery.publish(_request({"TopicArn": TOPIC} | form))

    def publish_batch(self, *messages: str) -> Response:
        start = "PublishBatchRequestEntries.member"
        form = {"TopicArn": TOPIC}
        for number, message in enumerate(messages, start=1):
            form |= {f"{start}.{number}.Id": f"e{number}", f"{start}.{number}.Message": message}
        return self._delivery.publish_batch(_request(form))


def _at_once(work: Callable[[], None]) -> None:
    work()


def _request(form: dict[str, str]) -> Request:
    return Request("POST", "/", body=urlencode(form).encode())


@pytest.mark.aws("S-9")
def test_every_subscription_gets_the_message_with_one_message_id() -> None:
    topic = Topic(("lambda", "f", None), ("lambda", "g", None), ("sqs", "q", None))
    answer = topic.publish(Message="x")

    (forwarded,) = topic.forwarded
    message_id = forwarded[1]
    assert forwarded[0] == Publication(TOPIC, "x")
    assert topic.functions.events == [("f", "x", (message_id,)), ("g", "x", (message_id,))]
    assert f"<MessageId>{message_id}</MessageId>".encode() in answer.body


@pytest.mark.aws("S-7")
def test_a_batch_is_delivered_entry_by_entry() -> None:
    topic = Topic(("lambda", "f", None))
    assert topic.publish_batch("x", "y").status == 200

    assert [message for _, message, _ in topic.functions.events] == ["x", "y"]
    assert len({messages for _, _, messages in topic.functions.events}) == 2


def test_a_batch_with_a_bad_entry_delivers_nothing() -> None:
    topic = Topic(("lambda", "f", None))

    assert topic.publish_batch("x", "").status == 400
    assert topic.functions.events == []


@pytest.mark.aws("S-19")
def test_a_subscription_gets_what_its_filter_policy_lets_through() -> None:
    body = FilterPolicy({"k": [1]}, "MessageBody")
    topic = Topic(("lambda", "f", body), ("lambda", "g", None), ("sqs", "q", body))
    topic.publish(Message='{"k":2}')

    assert [function for function, _, _ in topic.functions.events] == ["g"]
    assert topic.forwarded == []


def test_the_body_that_a_filter_policy_reads_is_that_of_its_protocol() -> None:
    topic = Topic(("lambda", "f", FilterPolicy({"k": [1]}, "MessageBody")))
    structure = orjson.dumps({"default": "d", "lambda": '{"k":1}'}).decode()
    topic.publish(Message=structure, MessageStructure="json")

    assert [message for _, message, _ in topic.functions.events] == ['{"k":1}']


def test_a_function_that_is_gone_is_no_concern_of_the_publisher(caplog: pytest.LogCaptureFixture) -> None:
    topic = Topic(("lambda", "gone", None), ("lambda", "f", None))

    assert topic.publish(Message="x").status == 200
    assert [function for function, _, _ in topic.functions.events] == ["f"]
    assert "no function gone" in caplog.text


@pytest.mark.aws("S-18")
@pytest.mark.parametrize(
    ("protocol", "endpoint", "message", "redriven"),
    [
        pytest.param("lambda", "gone", "x", [("dlq", "x")], id="a function that is gone"),
        pytest.param("sqs", "q", "refuse", [("dlq", "refuse")], id="a queue that is gone"),
        pytest.param("lambda", "f", "x", [], id="a function that is there"),
        pytest.param("sqs", "q", "x", [], id="a queue that is there"),
    ],
)
def test_what_cannot_be_delivered_goes_to_the_subscriptions_dead_letter_queue(
    protocol: str, endpoint: str, message: str, redriven: list[tuple[str, str]]
) -> None:
    topic = Topic((protocol, endpoint, None), dead_letter_queue="dlq")
    topic.publish(Message=message)

    assert topic.redriven == redriven


def test_without_a_redrive_policy_what_cannot_be_delivered_is_lost() -> None:
    topic = Topic(("lambda", "gone", None))
    topic.publish(Message="x")

    assert topic.redriven == []


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"TopicArn": TOPIC + "x", "Message": "x"}, 404, "NotFound"),
        ({"Message": ""}, 400, "InvalidParameter"),
        ({"PhoneNumber": "+41790000000", "Message": "x"}, 501, "NotImplemented"),
    ],
    ids=["to no topic", "nothing", "to a telephone"],
)
def test_a_publish_that_is_refused(form: dict[str, str], status: int, code: str) -> None:
    answer = Topic().publish(**form)

    assert answer.status == status
    assert f"<Code>{code}</Code>".encode() in answer.body
