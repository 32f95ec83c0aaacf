"""What a run does when the backend breaks in the middle: one error, and a history up to there."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from harness.backends.backend import Seen, Traits
from harness.checks.verdict import Verdict
from harness.errors import BackendError
from harness.progress import Silent
from harness.run import judge_again, record
from harness.run_reports import new_run_folder
from harness.scenario.model import Scenario
from harness.stack.model import Api, Function, Stack, Topic
from harness.stack.provision import Deployment
from harness.testbed import Testbed

STACK = Stack(
    name="chat",
    topics={"events": Topic(name="Events")},
    functions={"open": Function(handler="chat.open")},
    api=Api(name="chat", routes={}),
)


class SilentTopic:
    """An SNS client that takes everything."""

    def get_topic_attributes(self, **_: str) -> Mapping[str, str]:
        return {}


class DyingBackend:
    """A backend that is never quiet and breaks when it is asked for the second time what it saw."""

    name = "dying"
    endpoint = "http://127.0.0.1:1"
    traits = Traits()

    def __init__(self) -> None:
        self._asked = 0

    def client(self, service: str) -> Any:
        return SilentTopic()

    async def set_gateway(self, configuration: Mapping[str, object]) -> None:
        return None

    async def set_dynamodb(self, configuration: Mapping[str, object]) -> None:
        return None

    async def set_sns(self, configuration: Mapping[str, object]) -> None:
        return None

    async def quiet(self, timeout: float) -> bool:
        await asyncio.Event().wait()
        return False

    async def end_left_over(self) -> None:
        return None

    async def forget_retries(self) -> Sequence[str]:
        return ()

    async def seen(self) -> Seen:
        self._asked += 1
        if self._asked > 1:
            raise BackendError("the emulator ended unexpectedly")
        return Seen()


def test_a_backend_that_breaks_is_one_error_and_the_history_can_be_judged(tmp_path: Path) -> None:
    deployment = Deployment(
        "ws://127.0.0.1:1", "http://127.0.0.1:1", "a1", {"topics.events.arn": "arn:events"}
    )
    testbed = Testbed(STACK, cast(Any, DyingBackend()), deployment, None)
    folder = new_run_folder(testbed, tmp_path, command=("harness", "run"))

    with pytest.raises(BackendError, match=r"^the emulator ended unexpectedly$"):
        asyncio.run(record(testbed, Path("a-claim.yaml"), Scenario(scenario="A claim"), folder, Silent()))

    (result,) = judge_again(folder.path).results
    assert (result.scenario, result.title, result.verdict) == ("a-claim", "A claim", Verdict.UNKNOWN)
