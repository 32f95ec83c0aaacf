"""Functions that run elsewhere cannot be stopped from here; who asks is told before anything is made."""

import asyncio

import pytest

from harness.backends.aws.choice import AwsChoice
from harness.backends.choice import BackendChoice, Kind
from harness.backends.opening import open_backend
from harness.emulator.lambda_runtime.debugging import Debugging
from harness.errors import UsageError
from harness.parity.subject import NO_STACK
from tests.backends.conftest import NOTHING, Endpoint


def refusal(choice: BackendChoice) -> str:
    async def opening() -> None:
        async with open_backend(choice, NO_STACK, debugging=Debugging("chat-connect", "", 5678, False)):
            raise AssertionError("it was opened")

    with pytest.raises(UsageError) as refused:
        asyncio.run(opening())
    return str(refused.value)


def test_functions_of_an_endpoint_cannot_be_debugged(emulator: Endpoint) -> None:
    choice = BackendChoice(Kind.ENDPOINT, emulator.url, named=True)

    assert refusal(choice) == (
        f"--debug: the functions would run in fanout-harness 0.1.0 at {emulator.url}; with --hybrid they run here"
    )
    assert emulator.resources() == NOTHING


def test_functions_on_aws_cannot_be_debugged() -> None:
    choice = BackendChoice(Kind.AWS, aws=AwsChoice(account="123456789012"))

    assert refusal(choice) == "--debug: the functions run on AWS, where nothing can stop them"
