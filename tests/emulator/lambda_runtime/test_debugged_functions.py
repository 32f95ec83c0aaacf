"""A debugged function waits for whoever sits at its breakpoint, and lets a debugger in."""

import asyncio
import json
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from harness.clock import ManualClock
from harness.emulator.lambda_runtime.debugging import Debugging, listening_at
from harness.emulator.lambda_runtime.node import node_problem
from harness.record.observation import FunctionLogged, InvocationEnded
from tests.emulator.lambda_runtime.running import HANG, PATIENCE, PID, Lambda, a_lambda, run
from tests.terminal import a_terminal

needs_node = pytest.mark.skipif(node_problem() is not None, reason="Node is missing")


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("Debugger listening on ws://127.0.0.1:9229/0f2c936f", "127.0.0.1:9229"),
        ("Debugger listening on 127.0.0.1:5678", "127.0.0.1:5678"),
        ("Starting inspector on 127.0.0.1:9229 failed: address already in use", None),
        ("someone says: Debugger listening on 127.0.0.1:5678", None),
    ],
)
def test_a_line_tells_where_a_debugger_can_attach(line: str, place: str | None) -> None:
    assert listening_at(line) == place


def test_time_outs_wait_for_a_debugged_function(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock, debugging=Debugging("f")) as aws:
            aws.deploy(f"print('init', flush=True)\n{HANG}", timeout=1)
            invoking = asyncio.create_task(aws.invoke())
            await aws.observations.seen(FunctionLogged, 1)
            clock.advance(3600)  # INIT's ten seconds, if they are not over
            await aws.observations.seen(FunctionLogged, 2)
            clock.advance(3600)
            assert aws.observations.of(InvocationEnded) == []
            await aws.runtime.close()
            await invoking

    run(test)


def test_another_function_is_not_debugged(tmp_path: Path) -> None:
    async def test() -> None:
        clock = ManualClock()
        async with a_lambda(tmp_path, clock, debugging=Debugging("other")) as aws:
            aws.deploy(HANG, timeout=1)
            invoking = asyncio.create_task(aws.error())
            await aws.observations.seen(FunctionLogged)
            clock.advance(1)
            error = await invoking
            assert isinstance(error, dict)
            assert error["errorType"] == "Sandbox.Timedout"

    run(test)


def test_a_debugged_function_runs_one_invocation_at_a_time(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path, debugging=Debugging()) as aws:
            aws.deploy(PID)
            assert len(set(await asyncio.gather(*(aws.value() for _ in range(5))))) == 1

    run(test)


# --- Python, in a terminal ------------------------------------------------------------------------------------

STOPS = "def handler(event, context):\n    answer = 41\n    breakpoint()\n    return answer\n"


def test_a_breakpoint_stops_in_the_terminal_and_goes_on(tmp_path: Path) -> None:
    async def test() -> None:
        async with (
            a_terminal() as terminal,
            a_lambda(tmp_path, debugging=Debugging("f", terminal.name)) as aws,
        ):
            aws.deploy(STOPS)
            for _ in range(2):
                invoking = asyncio.create_task(aws.value({"n": 1}))
                assert "harness: f stopped" in await terminal.shows("(Pdb) ")
                terminal.type("p event")
                assert "{'n': 1}" in await terminal.shows("(Pdb) ")
                terminal.type("answer = 42")
                await terminal.shows("(Pdb) ")
                terminal.type("c")
                assert await invoking == 42
            assert aws.observations.of(FunctionLogged) == [], "the talk is no part of the log"

    run(test)


def test_two_functions_do_not_talk_at_once(tmp_path: Path) -> None:
    async def test() -> None:
        async with (
            a_terminal() as terminal,
            a_lambda(tmp_path, debugging=Debugging("", terminal.name)) as aws,
        ):
            for name in ("f", "g"):
                aws.deploy(STOPS.replace("answer = 41", "answer = print('stops', flush=True)"), name=name)
            both = [asyncio.create_task(aws.value(name=name)) for name in ("f", "g")]
            await aws.observations.seen(FunctionLogged, 2)
            for _ in both:
                assert (await terminal.shows("(Pdb) ")).count("stopped") == 1
                for number in range(5):
                    terminal.type(f"p {number}")
                    assert "stopped" not in await terminal.shows("(Pdb) ")
                terminal.type("c")
            assert await asyncio.gather(*both) == [None, None]

    run(test)


def test_a_function_sees_nothing_of_its_debugger(tmp_path: Path) -> None:
    async def test() -> None:
        source = (
            "import os, sys\ndef handler(event, context):\n"
            "    return [name for name in (*os.environ, *sys.modules) if name == 'debugger' or 'DEBUG' in name]\n"
        )
        async with (
            a_terminal() as terminal,
            a_lambda(tmp_path, debugging=Debugging("f", terminal.name)) as aws,
        ):
            aws.deploy(source)
            assert await aws.value() == []

    run(test)


# --- Node, and what attaches to it -----------------------------------------------------------------------------

NODE_STOPS = "export const handler = async () => {\n  let answer = 41;\n  debugger;\n  return answer;\n};\n"


def inspected(place: str) -> Any:
    """What the inspector says of its process."""
    http = HTTPConnection(place, timeout=PATIENCE)
    http.request("GET", "/json/list")
    (process,) = json.load(http.getresponse())
    http.close()
    return process


async def place_of(aws: Lambda) -> str:
    """Where the announced debugger can attach."""
    said = await asyncio.wait_for(aws.announced.get(), PATIENCE)
    before, _, place = said.rpartition(" ")
    assert before == "f: a debugger can attach at"
    return place


async def until(inspector: ClientConnection, is_it: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(PATIENCE):
        async for text in inspector:
            message = json.loads(text)
            if is_it(message):
                return message
    raise AssertionError("the inspector left")


@needs_node
def test_the_inspector_answers_while_the_function_is_idle(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path, debugging=Debugging("f")) as aws:
            aws.deploy("export const handler = async () => 1;\n", runtime="nodejs20.x")
            assert await aws.runtime.prewarm("f", 1) is None
            process = await asyncio.to_thread(inspected, await place_of(aws))
            assert (process["type"], process["title"].endswith("/node.mjs")) == ("node", True)

    run(test)


@needs_node
def test_a_function_that_waits_for_its_debugger_starts_and_stops_with_it(tmp_path: Path) -> None:
    async def test() -> None:
        async with a_lambda(tmp_path, debugging=Debugging("f", waits=True)) as aws:
            aws.deploy(NODE_STOPS, runtime="nodejs20.x")
            invoking = asyncio.create_task(aws.value())
            process = await asyncio.to_thread(inspected, await place_of(aws))
            async with connect(process["webSocketDebuggerUrl"], max_size=None) as inspector:
                for number, method in enumerate(
                    ("Debugger.enable", "Runtime.runIfWaitingForDebugger"), start=1
                ):
                    await inspector.send(json.dumps({"id": number, "method": method}))
                frame = ""
                while frame != "handler":  # the first stop is the beginning of the process
                    paused = await until(inspector, lambda said: said.get("method") == "Debugger.paused")
                    frame = paused["params"]["callFrames"][0]["functionName"]
                    assert not invoking.done()
                    await inspector.send(json.dumps({"id": 3, "method": "Debugger.resume"}))
                assert await invoking == 41

    run(test)
