"""How a run finds its LocalStack, and what it says when there is none."""

import asyncio
import socket

import pytest

from harness.backends import localstack
from harness.backends.choice import BackendChoice, Kind
from harness.backends.localstack import HOW_TO_START, running_localstack
from harness.errors import BackendError
from tests.backends.fake_http import fake_http


async def found(choice: BackendChoice) -> str:
    async with running_localstack(choice) as url:
        return url


@pytest.fixture
def silent_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"http://127.0.0.1:{closed.getsockname()[1]}"


def test_one_that_runs_is_taken() -> None:
    with fake_http(lambda _: (200, {})) as (url, _):
        assert asyncio.run(found(BackendChoice(Kind.LOCALSTACK, url))) == url


def test_in_the_place_of_one_that_was_named_none_is_started(silent_url: str) -> None:
    with pytest.raises(BackendError) as caught:
        asyncio.run(found(BackendChoice(Kind.LOCALSTACK, silent_url, named=True)))

    assert (
        str(caught.value) == f"LocalStack at {silent_url} does not answer: Connection refused; {HOW_TO_START}"
    )


def test_where_none_can_be_started_the_reason_is_told(
    silent_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(localstack, "obstacle", lambda: "testcontainers is not installed")

    with pytest.raises(BackendError) as caught:
        asyncio.run(found(BackendChoice(Kind.LOCALSTACK, silent_url)))

    assert str(caught.value) == (
        f"LocalStack at {silent_url} does not answer: Connection refused, "
        f"and none can be started: testcontainers is not installed; {HOW_TO_START}"
    )


def test_one_that_was_started_for_the_run_ends_with_it(
    silent_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    class Started:
        def start(self) -> str:
            done.append("started")
            return "http://127.0.0.1:4599"

        def stop(self) -> None:
            done.append("stopped")

    monkeypatch.setattr(localstack, "obstacle", lambda: "")
    monkeypatch.setattr(localstack, "StartedLocalStack", Started)

    assert asyncio.run(found(BackendChoice(Kind.LOCALSTACK, silent_url))) == "http://127.0.0.1:4599"
    assert done == ["started", "stopped"]
