"""Where dead letters and destinations' records go."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from harness.clock import ManualClock
from harness.emulator.lambda_runtime.outcome import Cause, NoSuchFunction, Outcome, RequestId
from harness.emulator.letter_delivery import LetterDelivery
from harness.emulator.letters import Letter, MessageAttribute, is_too_large, service_of
from harness.emulator.sns.publish import InvalidPublish, Publication
from harness.record.observation import Observation, Sent

T = TypeVar("T")
TOPIC = "arn:aws:sns:us-east-1:000000000000:t"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:nobodys"
ATTRIBUTES = {"ErrorCode": MessageAttribute("Number", "200")}


class Targets:
    """A topic and a function that note what they get; without `there`, both are gone."""

    def __init__(self, *, there: bool = True) -> None:
        self.got: list[object] = []
        self._there = there
        self.noted: list[Observation] = []
        self.delivery = LetterDelivery(
            functions=self, publish=self._publish, moto=self, clock=ManualClock(), note=self.noted.append
        )

    async def run(self, work: Callable[[], T]) -> T:
        raise NotImplementedError

    def submit(self, work: Callable[[], None]) -> None:
        work()

    async def invoke(self, function: str, payload: bytes, *, cause: Cause) -> Outcome:
        raise NotImplementedError

    def invoke_event(self, function: str, payload: bytes, *, cause: Cause) -> RequestId | NoSuchFunction:
        if not self._there:
            return NoSuchFunction(function)
        self.got.append((function, payload, cause))
        return RequestId("r")

    def _publish(self, publication: Publication) -> str:
        if not self._there:
            raise InvalidPublish("NotFound", "Topic does not exist")
        self.got.append(publication)
        return "m-1"


def test_a_topic_gets_a_letter_with_its_attributes() -> None:
    targets = Targets()
    targets.delivery.send(Letter(TOPIC, "x", ATTRIBUTES, origin="e-1"))
    assert targets.got == [Publication(TOPIC, "x", attributes=ATTRIBUTES)]
    assert targets.noted == [Sent(ManualClock().monotonic(), "m-1", TOPIC, origin="e-1")]


def test_a_function_gets_a_letter_as_its_event() -> None:
    targets = Targets()
    targets.delivery.send(Letter(FUNCTION, '{"é":1}', origin="e-1", request="r-1"))
    assert targets.got == [(FUNCTION, '{"é":1}'.encode(), Cause(messages=("e-1",), caller="r-1"))]


@pytest.mark.parametrize("target", [TOPIC, FUNCTION, QUEUE])
def test_a_letter_for_nobody_is_logged(target: str, caplog: pytest.LogCaptureFixture) -> None:
    async def send() -> None:
        Targets(there=False).delivery.send(Letter(target, "x"))

    asyncio.run(send())
    assert f"{target} gets no message" in caplog.text


@pytest.mark.aws("L-10", "S-24")
@pytest.mark.parametrize(
    ("letter", "too_large"),
    [
        pytest.param(Letter(TOPIC, "x" * 262_144), False, id="the largest for a topic"),
        pytest.param(Letter(TOPIC, "x" * 262_144, ATTRIBUTES), True, id="attributes count"),
        pytest.param(Letter(FUNCTION, "é" * 524_288), False, id="the largest for a function"),
        pytest.param(Letter(FUNCTION, "é" * 524_289), True, id="too large for a function"),
        pytest.param(Letter("nobody", "x"), True, id="for no service"),
    ],
)
def test_a_target_takes_letters_up_to_its_services_limit(letter: Letter, too_large: bool) -> None:
    assert is_too_large(letter) is too_large


def test_a_letter_that_is_too_large_is_lost_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    targets = Targets()
    targets.delivery.send(Letter(TOPIC, "x" * 262_145))
    assert (targets.got, "gets no message of 262145 characters" in caplog.text) == ([], True)


@pytest.mark.parametrize(
    ("arn", "service"), [(QUEUE, "sqs"), (FUNCTION, "lambda"), ("q", ""), ("a:b:sqs:c:d:e", "")]
)
def test_the_service_in_an_arn(arn: str, service: str) -> None:
    assert service_of(arn) == service
