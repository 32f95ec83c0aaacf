"""Who gets a published message, and what the publisher hears of it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from harness.clock import ManualClock
from harness.emulator.lambda_runtime.outcome import Cause, NoSuchFunction, Outcome, RequestId
from harness.emulator.letters import Letter
from harness.emulator.port.http import Request, Response
from harness.emulator.sns.behaviour import SnsSettings, TopicBehaviour
from harness.emulator.sns.delivery import SnsDelivery
from harness.emulator.sns.endpoints import Delivered, Delivery, Ending, Failed, Refused
from harness.emulator.sns.filter_policy import FilterPolicy
from harness.emulator.sns.metrics import Datum
from harness.emulator.sns.publish import Publication
from harness.emulator.sns.topics import Subscription, Topic

TOPIC = "arn:aws:sns:us-east-1:000000000000:t"


class Invoked:
    """Functions that only note their invocations: (function, message, message ids)."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, tuple[str, ...]]] = []
        self.is_back = False

    async def invoke(self, function: str, payload: bytes, *, cause: Cause) -> Outcome:
        raise NotImplementedError

    def invoke_event(self, function: str, payload: bytes, *, cause: Cause) -> RequestId | NoSuchFunction:
        if function == "gone" and not self.is_back:
            return NoSuchFunction(function)
        message = orjson.loads(payload)["Records"][0]["Sns"]["Message"]
        self.events.append((function, message, cause.messages))
        return RequestId("r")


class ATopic:
    """A topic with these subscriptions, on a clock that is turned by hand; `sent` is what went to queues."""

    def __init__(
        self,
        *subscribed: tuple[str, str, FilterPolicy | None],
        dead_letter_queue: str = "",
        name: str = "t",
        **behaviour: Any,
    ) -> None:
        self.functions = Invoked()
        self.clock = ManualClock()
        self.sent: list[tuple[Publication, str]] = []
        self.redriven: list[tuple[str, str]] = []
        self.arn = TOPIC.removesuffix("t") + name
        self._topic = Topic(
            self.arn,
            tuple(
                Subscription(f"{self.arn}:{endpoint}", protocol, endpoint, policy, dead_letter_queue)
                for protocol, endpoint, policy in subscribed
            ),
        )
        self.delivery = SnsDelivery(
            topic_of=lambda arn: self._topic if arn == self.arn else None,
            functions=self.functions,
            send={"sqs": self._send},
            clock=self.clock,
            random=Random(1),
            redrive=self._redrive,
        )
        self.delivery.configure(SnsSettings({name: TopicBehaviour(**behaviour)}, seed=1))

    async def _send(self, delivery: Delivery) -> Ending:
        if delivery.publication.message in ("refuse", "fail"):
            refused = delivery.publication.message == "refuse"
            return Refused("no such queue") if refused else Failed("the service failed")
        self.sent.append((delivery.publication, delivery.notification.message_id))
        return Delivered()

    def _redrive(self, letter: Letter) -> None:
        self.redriven.append((letter.target, orjson.loads(letter.body)["Message"]))

    @property
    def got(self) -> list[str]:
        """The messages that functions got, in order."""
        return [message for _, message, _ in self.functions.events]

    def publish(self, **form: str) -> Response:
        """The answer, once all that does not wait for the clock has been delivered."""
        return self._settled(lambda: self.delivery.publish(_request({"TopicArn": self.arn} | form)))

    def publish_batch(self, *messages: str) -> Response:
        start = "PublishBatchRequestEntries.member"
        form = {"TopicArn": self.arn}
        for number, message in enumerate(messages, start=1):
            form |= {f"{start}.{number}.Id": f"e{number}", f"{start}.{number}.Message": message}
        return self._settled(lambda: self.delivery.publish_batch(_request(form)))

    def counted(self) -> dict[str, float]:
        """The sums of the metrics since the last call."""
        return {key.metric: datum.sum for key, datum in self.delivery.metrics.take().items()}

    @staticmethod
    def _settled(publish: Callable[[], Response]) -> Response:
        async def publish_and_settle() -> Response:
            answer = publish()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                await task
            return answer

        return asyncio.run(publish_and_settle())


def an_attribute(name: str, kind: str, value: str) -> dict[str, str]:
    start = "MessageAttributes.entry.1"
    return {f"{start}.Name": name, f"{start}.Value.DataType": kind, f"{start}.Value.StringValue": value}


def _request(form: dict[str, str]) -> Request:
    return Request("POST", "/", body=urlencode(form).encode())


@pytest.mark.aws("S-9")
def test_every_subscription_gets_the_message_with_one_message_id() -> None:
    topic = ATopic(("lambda", "f", None), ("lambda", "g", None), ("sqs", "q", None))
    answer = topic.publish(Message="x")

    (sent,) = topic.sent
    message_id = sent[1]
    assert sent[0] == Publication(TOPIC, "x")
    assert topic.functions.events == [("f", "x", (message_id,)), ("g", "x", (message_id,))]
    assert f"<MessageId>{message_id}</MessageId>".encode() in answer.body


@pytest.mark.aws("S-7")
def test_a_batch_is_delivered_entry_by_entry() -> None:
    topic = ATopic(("lambda", "f", None))
    assert topic.publish_batch("x", "y").status == 200

    assert [message for _, message, _ in topic.functions.events] == ["x", "y"]
    assert len({messages for _, _, messages in topic.functions.events}) == 2


def test_a_batch_with_a_bad_entry_delivers_nothing() -> None:
    topic = ATopic(("lambda", "f", None))

    assert topic.publish_batch("x", "").status == 400
    assert topic.functions.events == []


@pytest.mark.aws("S-19")
def test_a_subscription_gets_what_its_filter_policy_lets_through() -> None:
    body = FilterPolicy({"k": [1]}, "MessageBody")
    topic = ATopic(("lambda", "f", body), ("lambda", "g", None), ("sqs", "q", body))
    topic.publish(Message='{"k":2}')

    assert [function for function, _, _ in topic.functions.events] == ["g"]
    assert topic.sent == []


def test_the_body_that_a_filter_policy_reads_is_that_of_its_protocol() -> None:
    topic = ATopic(("lambda", "f", FilterPolicy({"k": [1]}, "MessageBody")))
    structure = orjson.dumps({"default": "d", "lambda": '{"k":1}'}).decode()
    topic.publish(Message=structure, MessageStructure="json")

    assert [message for _, message, _ in topic.functions.events] == ['{"k":1}']


def test_a_function_that_is_gone_is_no_concern_of_the_publisher(caplog: pytest.LogCaptureFixture) -> None:
    topic = ATopic(("lambda", "gone", None), ("lambda", "f", None))

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
    topic = ATopic((protocol, endpoint, None), dead_letter_queue="dlq")
    topic.publish(Message=message)

    assert topic.redriven == redriven


def test_without_a_redrive_policy_what_cannot_be_delivered_is_lost() -> None:
    topic = ATopic(("lambda", "gone", None))
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
    answer = ATopic().publish(**form)

    assert answer.status == status
    assert f"<Code>{code}</Code>".encode() in answer.body


# --- where SNS promises nothing -----------------------------------------------------------------------------


@pytest.mark.aws("S-8")
def test_a_share_of_the_deliveries_is_made_twice_with_the_same_message_id() -> None:
    topic = ATopic(("lambda", "f", None), duplicates=0.5)
    for number in range(200):
        topic.publish(Message=str(number))

    times = Counter(topic.got)
    ids = {messages for _, _, messages in topic.functions.events}
    assert (set(times), set(times.values()), len(ids)) == ({str(one) for one in range(200)}, {1, 2}, 200)
    assert 60 <= sum(one == 2 for one in times.values()) <= 140


@pytest.mark.aws("S-8")
def test_the_same_seed_makes_the_same_duplicates() -> None:
    def played() -> list[str]:
        topic = ATopic(("lambda", "f", None), duplicates=0.5, reorder=0.5)
        for number in range(50):
            topic.publish(Message=str(number))
        topic.clock.advance(1.0)
        return topic.got

    assert played() == played()


@pytest.mark.aws("S-8")
def test_what_is_held_back_is_overtaken_by_what_is_published_meanwhile() -> None:
    topic = ATopic(("lambda", "f", None), reorder=1.0, reorder_window=1.0)
    topic.publish(Message="first")
    topic.delivery.configure(SnsSettings({}))
    topic.publish(Message="second")
    topic.clock.advance(1.0)

    assert topic.got == ["second", "first"]


def test_a_delay_is_waited_for_and_is_in_flight_meanwhile() -> None:
    topic = ATopic(("lambda", "f", None), delay=(2.0, 3.0))
    topic.publish(Message="x")
    topic.clock.advance(1.99)
    before = (topic.got, topic.delivery.in_flight(), topic.delivery.idle.is_set())
    topic.clock.advance(1.01)

    assert before == ([], 1, False)
    assert (topic.got, topic.delivery.in_flight(), topic.delivery.idle.is_set()) == (["x"], 0, True)


def test_a_fifo_topic_keeps_what_it_promises() -> None:
    topic = ATopic(("lambda", "f", None), name="t.fifo", duplicates=1.0, delay=(1.0, 1.0), reorder=1.0)
    topic.publish(Message="x", MessageGroupId="g")

    assert topic.got == ["x"]


@pytest.mark.aws("S-22")
def test_a_changed_filter_policy_takes_effect_late() -> None:
    topic = ATopic(("lambda", "f", FilterPolicy({"k": [2]}, "MessageBody")), filter_delay=10.0)
    before = FilterPolicy({"k": [1]}, "MessageBody")
    topic.delivery.filter_changed(Subscription(f"{topic.arn}:f", "lambda", "f", before))
    for _ in range(3):
        topic.publish(Message='{"k":1}')
        topic.publish(Message='{"k":2}')
        topic.clock.advance(5.0)

    assert topic.got == ['{"k":1}', '{"k":1}', '{"k":2}']


# --- the delivery policy ------------------------------------------------------------------------------------


@pytest.mark.aws("S-17")
def test_a_service_that_fails_is_tried_again_by_the_delivery_policy() -> None:
    topic = ATopic(("lambda", "f", None), failures=1.0)
    topic.publish(Message="x")
    topic.clock.advance(1.0)  # three retries at once, and one after a second
    failed = topic.got
    topic.delivery.configure(SnsSettings({}))
    topic.clock.advance(0.99)
    waited = topic.got
    topic.clock.advance(0.01)

    assert (failed, waited, topic.got) == ([], [], ["x"])
    assert topic.counted()["NumberOfNotificationsDelivered"] == 1


def test_only_a_retry_that_comes_soon_is_in_flight() -> None:
    topic = ATopic(("lambda", "f", None), failures=1.0)
    topic.publish(Message="x")
    topic.clock.advance(2.9)  # the first retry of the backoff comes after a second, the second one later
    soon = topic.delivery.in_flight()
    topic.clock.advance(0.2)

    assert (soon, topic.delivery.in_flight()) == (1, 0)


@pytest.mark.aws("S-17", "S-18")
def test_what_still_fails_after_the_last_retry_is_redriven() -> None:
    topic = ATopic(("lambda", "f", None), dead_letter_queue="dlq", failures=1.0)
    topic.publish(Message="x")
    topic.clock.advance(22.9 * 24 * 3600.0)
    kept_trying = list(topic.redriven)
    topic.clock.advance(0.5 * 24 * 3600.0)

    assert (kept_trying, topic.redriven, topic.got) == ([], [("dlq", "x")], [])


@pytest.mark.aws("S-17")
def test_what_is_refused_is_not_tried_again() -> None:
    topic = ATopic(("lambda", "gone", None))
    topic.publish(Message="x")
    topic.functions.is_back = True
    topic.clock.advance(3600.0)

    assert topic.got == []


# --- metrics ------------------------------------------------------------------------------------------------


@pytest.mark.aws("S-23")
@pytest.mark.parametrize(
    ("policy", "message", "rejection"),
    [
        pytest.param(FilterPolicy({"k": ["a"]}), {}, "NoMessageAttributes", id="no attributes"),
        pytest.param(
            FilterPolicy({"k": ["a"]}), an_attribute("k", "String", "b"), "MessageAttributes", id="others"
        ),
        pytest.param(
            FilterPolicy({"k": ["a"]}),
            an_attribute("k", "String.Array", "["),
            "InvalidAttributes",
            id="an array that is no JSON",
        ),
        pytest.param(
            FilterPolicy({"k": ["a"]}, "MessageBody"), {"Message": "{}"}, "MessageBody", id="another body"
        ),
        pytest.param(
            FilterPolicy({"k": ["a"]}, "MessageBody"), {}, "InvalidMessageBody", id="a body that is no JSON"
        ),
    ],
)
def test_what_is_filtered_out_is_counted_by_its_cause(
    policy: FilterPolicy, message: dict[str, str], rejection: str
) -> None:
    topic = ATopic(("lambda", "f", policy))
    topic.publish(**{"Message": "x", **message})

    counted = topic.counted()
    counted.pop("PublishSize")
    assert counted == {
        "NumberOfMessagesPublished": 1,
        "NumberOfNotificationsFilteredOut": 1,
        f"NumberOfNotificationsFilteredOut-{rejection}": 1,
    }
    assert topic.got == []


def test_a_minute_sums_up_its_values() -> None:
    topic = ATopic(("lambda", "f", None), ("lambda", "gone", None))
    topic.publish(Message="x")
    topic.publish(Message="xyz")

    data = {key.metric: datum for key, datum in topic.delivery.metrics.take().items()}
    assert data == {
        "NumberOfMessagesPublished": Datum(2, 2.0, 1.0, 1.0),
        "PublishSize": Datum(2, 4.0, 1.0, 3.0),
        "NumberOfNotificationsDelivered": Datum(2, 2.0, 1.0, 1.0),
        "NumberOfNotificationsFailed": Datum(2, 2.0, 1.0, 1.0),
    }
    assert topic.counted() == {}
