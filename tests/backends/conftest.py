"""An endpoint to deploy to, and the `harness` command."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.backends.probing import endpoint_client
from tests.end_to_end.command import Command, Ended
from tests.small_api import an_emulator


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Something that speaks AWS at a URL, and its process."""

    url: str
    pid: int

    def aws(self, service: str) -> Any:
        """A boto3 client of it."""
        return endpoint_client(service, self.url, "us-east-1")

    def resources(self) -> Mapping[str, list[str]]:
        """The names of what is there."""
        return {
            "tables": self.aws("dynamodb").list_tables()["TableNames"],
            "topics": [one["TopicArn"] for one in self.aws("sns").list_topics()["Topics"]],
            "functions": [one["FunctionName"] for one in self.aws("lambda").list_functions()["Functions"]],
            "apis": [one["Name"] for one in self.aws("apigatewayv2").get_apis()["Items"]],
        }


NOTHING: Mapping[str, list[str]] = {"tables": [], "topics": [], "functions": [], "apis": []}


@pytest.fixture
def emulator() -> Iterator[Endpoint]:
    """An emulator of its own: an endpoint like any other, as far as a run can tell."""
    with an_emulator() as (backend, _):
        assert backend._process is not None
        yield Endpoint(backend.endpoint, backend._process.pid)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Starts `harness ARGUMENTS` in the test's folder."""
    started: list[Command] = []

    def start(*arguments: str) -> Command:
        started.append(Command(arguments, tmp_path, tmp_path))
        return started[-1]

    yield start
    for command in started:
        if command.process.poll() is None:
            command.process.kill()
            command.process.communicate()


@pytest.fixture
def harness(start: Callable[..., Command]) -> Callable[..., Ended]:
    """Runs `harness ARGUMENTS` in the test's folder to its end."""

    def run(*arguments: str) -> Ended:
        return start(*arguments).end()

    return run
