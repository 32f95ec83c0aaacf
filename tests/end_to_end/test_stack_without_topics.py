"""A stack without topics: it can be started and connected to, and nothing can be published to it."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.live import live_stack
from tests.end_to_end.command import Command, Ended

STACK = """\
name: quiet
functions: {hello: {handler: app.hello}}
api: {name: quiet, routes: {$connect: hello, $disconnect: hello}}
"""
COMES_AND_GOES = """\
scenario: Who leaves can come back
clients: {a: {}}
timeline:
  - {at: 0s, leave: a}
  - {at: 100ms, connect: a}
"""
PUBLISHES = """\
scenario: Everybody is told
clients: {a: {}}
timeline:
  - {at: 0s, leave: a}
  - {at: 100ms, publish: {market: BTC-PERP, type: trade}}
  - {at: 200ms, publish_generated: {markets: [BTC-PERP]}, every: 1s, for: 1s}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("def hello(event, context):\n    return {'statusCode': 200}\n")
    (tmp_path / "stack.yaml").write_text(STACK)
    return tmp_path


def test_clients_come_and_go(harness: Callable[..., Ended], folder: Path) -> None:
    (folder / "claim.yaml").write_text(COMES_AND_GOES)
    ended = harness("run", "--accept-unknown", "routing,latency,purge", "claim.yaml", cwd=folder)
    assert (ended.exit_code, ended.stderr) == (0, ""), ended.stdout


def test_publishing_is_told_once_with_its_line(harness: Callable[..., Ended], folder: Path) -> None:
    (folder / "claim.yaml").write_text(PUBLISHES)
    ended = harness("run", "claim.yaml", cwd=folder)
    assert (ended.exit_code, ended.stderr) == (
        2,
        "harness: claim.yaml:5: nothing can be published: the stack has no topic\n",
    )


def test_up_starts_it(start: Callable[..., Command], folder: Path) -> None:
    command = start("up", "--port", "0", "--stack", str(folder / "stack.yaml"))
    said = command.wait_for("Ctrl-C stops it")
    command.send(signal.SIGTERM)
    assert command.end().exit_code == 0
    assert "function       quiet-hello" in said
    assert "topic" not in said


def test_python_connects_and_cannot_publish(folder: Path) -> None:
    with live_stack(folder / "stack.yaml") as stack:
        stack.connect("alice").leave()
        with pytest.raises(UsageError, match=r"^nothing can be published: the stack has no topic$"):
            stack.publish({"market": "BTC-PERP", "type": "trade"})


def test_python_plays_what_publishes_nothing_only(folder: Path) -> None:
    (folder / "claim.yaml").write_text(PUBLISHES)
    with live_stack(folder / "stack.yaml") as stack:
        runs = stack.new_run_folder(folder / "runs")
        with pytest.raises(UsageError, match=r"claim\.yaml:5: nothing can be published"):
            stack.play(folder / "claim.yaml", runs)
