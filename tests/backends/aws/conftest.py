"""An "AWS": an emulator with the chat application deployed to it, which boto3 is pointed to by the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from harness.backends.embedded import emulator_urls, hot_reload_code
from harness.record.observation import RowDeleted, RowWritten
from harness.stack.loader import load_stack
from harness.stack.provision import provision
from tests.backends.chat import a_project
from tests.backends.conftest import Endpoint
from tests.observed import Observed

ACCOUNT = "000000000000"
"""The emulator's."""


@dataclass(frozen=True, slots=True)
class There:
    """The deployed application, by its outputs, and the emulator that it is on."""

    emulator: Endpoint
    outputs: Mapping[str, str]

    @property
    def flags(self) -> tuple[str, ...]:
        """What names it on a command line, with the confirmation."""
        url, topic, table = (self.outputs[name] for name in ("WebSocketUrl", "TopicArn", "TableName"))
        named = ("--websocket-url", url, "--topic-arn", topic, "--table", table)
        return ("--backend", "aws", "--confirm-aws", ACCOUNT, *named)

    def rows(self) -> list[str]:
        """The connections that have a row, sorted."""
        return sorted(
            row["id"]["S"] for row in self.emulator.aws("dynamodb").scan(TableName="Rooms")["Items"]
        )

    def put(self, connection: str, room: str = "attic") -> None:
        """A row that the run has not made, in a room where nobody is called."""
        item = {"id": {"S": connection}, "channel": {"S": room}}
        self.emulator.aws("dynamodb").put_item(TableName="Rooms", Item=item)

    def changed_by_no_function(self) -> list[RowWritten | RowDeleted]:
        """Rows that somebody wrote or deleted from outside."""
        seen = Observed(self.emulator.url)
        changes: list[RowWritten | RowDeleted] = [*seen.of(RowWritten), *seen.of(RowDeleted)]
        return [one for one in changes if one.request is None]


@pytest.fixture
def there(tmp_path: Path, emulator: Endpoint, monkeypatch: pytest.MonkeyPatch) -> There:
    """The chat in the test's folder, deployed as somebody did before; the environment leads boto3 there."""
    for name, value in environment(emulator.url).items():
        monkeypatch.setenv(name, value)
    stack = load_stack(a_project(tmp_path) / "stack.yaml")
    made = provision(
        stack, client=emulator.aws, urls=partial(emulator_urls, emulator.url), code=hot_reload_code
    )
    outputs = {
        "WebSocketUrl": made.url,
        "TopicArn": made.topic_arn("messages"),
        "TableName": made.table_name("rooms"),
        "Role": "arn:aws:iam::000000000000:role/chat",
    }
    return There(emulator, outputs)


def environment(url: str) -> Mapping[str, str]:
    """Variables that make `url` boto3's AWS, and leave nothing of whoever runs the tests."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
