"""`--debug`: a breakpoint in a handler stops in the terminal that the command was started in."""

import asyncio
import io
import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from harness.backends.embedded import emulator_client
from harness.cli import main
from harness.errors import ExitCode
from tests.end_to_end.command import Command
from tests.patience import WAIT
from tests.terminal import Terminal, a_terminal

APP = """
import json, os
import boto3

def connect(event, context):
    return {"statusCode": 200}

def fan_out(event, context):
    text = event["Records"][0]["Sns"]["Message"] if "Records" in event else "nobody"
    breakpoint()
    return text
"""
STACK = """
name: chat
topics: {messages: {name: Messages}}
functions:
  connect: {handler: app.connect}
  fan_out: {handler: app.fan_out, timeout: 1s, subscribed_to: [messages]}
  elsewhere: {handler: app.handler, runtime: nodejs22.x}
api: {name: chat, routes: {$connect: connect}}
feed:
  channels: [{channel: "{room}"}]
  connect_channels: {room: "{room}"}
"""
SCENARIO = """
scenario: Nobody receives anything
clients: {a: {query: {room: kitchen}}}
timeline:
  - {at: 0s, publish: {room: garden, text: hello}}
"""


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    """A folder with a stack whose function fan_out has a breakpoint, and a scenario."""
    folder = tmp_path / "chat"
    folder.mkdir()
    for name, text in (
        ("app.py", APP),
        ("app.mjs", "export const handler = async () => 1;\n"),
        ("stack.yaml", STACK),
        ("scenario.yaml", SCENARIO),
    ):
        (folder / name).write_text(text)
    return folder


Start = Callable[[list[str], Terminal], Command]


@pytest.fixture
def start(chat: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts the command in that folder and terminal; whatever becomes of the test, it ends with it."""
    started: list[Command] = []

    def start(arguments: list[str], terminal: Terminal) -> Command:
        started.append(Command(arguments, tmp_path, chat, stdin=terminal.device))
        return started[-1]

    yield start
    for command in started:
        if command.process.poll() is None:
            command.send(signal.SIGKILL)
            command.process.communicate()


def test_a_scenario_waits_at_a_breakpoint_and_then_goes_on(start: Start) -> None:
    async def test() -> None:
        async with a_terminal() as terminal:
            arguments = ["run", "scenario.yaml", "--debug", "fan_out"]
            command = start(arguments, terminal)
            assert "chat-fan_out stopped" in await terminal.shows("(Pdb) ")
            terminal.type("p json.loads(text)['room']")
            assert "'garden'" in await terminal.shows("(Pdb) ")
            terminal.type("c")
            ended = await asyncio.to_thread(command.end)
            assert (ended.exit_code, ended.stderr) == (ExitCode.PASS, "")

    asyncio.run(test())


def gateway_of(endpoint: str) -> Any:
    """How the gateway behaves, by the emulator's own page."""
    with urlopen(f"{endpoint}/_harness/gateway", timeout=WAIT) as answer:
        return json.load(answer)


def test_up_stops_at_a_breakpoint_and_its_gateway_waits(start: Start) -> None:
    async def test() -> None:
        async with a_terminal() as terminal:
            command = start(["up", "--port", "0", "--debug"], terminal)
            said = await asyncio.to_thread(command.wait_for, "Ctrl-C stops it.")
            endpoint = next(word for word in said.split() if word.startswith("http://"))
            assert "chat-elsewhere: a debugger can attach at 127.0.0.1:" in said
            assert (await asyncio.to_thread(gateway_of, endpoint))["quotas"]["integration_timeout"] == 86_400
            client = emulator_client("lambda", endpoint, "us-east-1")
            invoking = asyncio.create_task(
                asyncio.to_thread(client.invoke, FunctionName="chat-fan_out")  # type: ignore[attr-defined]
            )
            await terminal.shows("(Pdb) ")
            terminal.type("text = 'somebody'")
            await terminal.shows("(Pdb) ")
            terminal.type("c")
            assert (await invoking)["Payload"].read() == b'"somebody"'
            command.send(signal.SIGINT)
            assert (await asyncio.to_thread(command.end)).exit_code == ExitCode.PASS

    asyncio.run(test())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param(
            ["--debug", "fan"],
            "--debug fan: no function of the stack is called so; there are connect, fan_out, elsewhere",
            id="no such function",
        ),
        pytest.param(
            ["--debug", "fan_out"],
            "--debug: a breakpoint stops in the terminal, and standard input is none",
            id="no terminal",
        ),
        pytest.param(
            ["--debug", "fan_out", "--debug-wait"],
            "--debug: a breakpoint stops in the terminal",
            id="waiting without a terminal",
        ),
        pytest.param(
            ["--debug", "--debug-listen", "5678"],
            "--debug-listen is one function's: name it",
            id="whose port",
        ),
        pytest.param(["--debug-wait"], "need --debug FUNCTION", id="whose debugger"),
    ],
)
def test_what_cannot_be_debugged_is_told(
    options: list[str],
    told: str,
    chat: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(chat)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert main(["run", "scenario.yaml", *options]) == ExitCode.USAGE
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "here", "65536"])
def test_what_is_no_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["up", "--debug", "f", f"--debug-listen={port}"])
    assert f"'{port}' is not a port; write 1 to 65535" in capsys.readouterr().err
