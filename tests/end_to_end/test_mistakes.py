"""What goes wrong gives one clear message, the right exit code, and no process left behind."""

import json
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.end_to_end.command import HERE, ROOT, Command, Ended

BROKEN = "tests/end_to_end/broken_handlers"
QUICK = str(HERE / "order.yaml")


def test_a_handler_that_raises_fails_with_its_error(
    harness: Callable[..., Ended], stack_with: Callable[..., Path], tmp_path: Path
) -> None:
    stack = stack_with(fan_out=f"{BROKEN}.raises")
    ended = harness("run", "--stack", str(stack), "--runs", str(tmp_path / "runs"), QUICK)
    assert ended.exit_code == 1
    assert "ValueError: the symbol table is empty" in ended.stdout


def test_a_handler_that_does_not_import_is_named_with_its_error(
    harness: Callable[..., Ended], stack_with: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text("import a_library_that_is_not_there\n")
    stack = stack_with(fan_out="mine.handler", code=tmp_path)
    ended = harness("run", "--stack", str(stack), "--runs", str(tmp_path / "runs"), QUICK)
    assert ended.exit_code == 1
    (message,) = ended.stderr.splitlines()
    line = re.escape(f"harness: {stack}:") + r"\d+: "
    assert re.match(f"{line}function 'dex-fan_out' does not start: Runtime.ImportModuleError", message)
    assert "No module named 'a_library_that_is_not_there'" in message


def test_a_typo_in_the_stack_is_told_with_its_line(harness: Callable[..., Ended], tmp_path: Path) -> None:
    text = (ROOT / "stack.yaml").read_text().replace("hash_key: pk ", "hash_kee: pk ")
    line = text.splitlines().index(next(one for one in text.splitlines() if "hash_kee" in one)) + 1
    stack = tmp_path / "stack.yaml"
    stack.write_text(text)
    ended = harness("run", "--stack", str(stack), QUICK)
    assert ended.exit_code == 2
    assert f"{stack}:{line}: " in ended.stderr
    assert "did you mean 'hash_key'?" in ended.stderr


def test_an_unknown_step_is_told_with_its_line(harness: Callable[..., Ended], tmp_path: Path) -> None:
    scenario = tmp_path / "claim.yaml"
    scenario.write_text("scenario: A claim\nclients:\n  a: {}\ntimeline:\n  - at: 1s\n    subscirbe: a\n")
    ended = harness("run", str(scenario))
    assert ended.exit_code == 2
    assert f"{scenario}:6: " in ended.stderr or f"{scenario}:5: " in ended.stderr
    assert "'subscirbe'" in ended.stderr
    assert "did you mean 'subscribe'?" in ended.stderr


def test_a_port_that_is_taken_is_named(harness: Callable[..., Ended]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = harness("up", "--port", str(port))
    assert ended.exit_code == 4
    (message,) = ended.stderr.splitlines()
    assert message.startswith(f"harness: port {port} on 127.0.0.1 cannot be opened")
    assert "--port" in message


def test_ctrl_c_in_the_middle_ends_everything_and_keeps_the_history(
    start: Callable[..., Command], harness: Callable[..., Ended], tmp_path: Path
) -> None:
    scenario = tmp_path / "long.yaml"
    scenario.write_text(
        "scenario: A long session\nclients:\n  a: {count: 3, query: {market: BTC-PERP}}\ntimeline:\n"
        "  - every: 100ms\n    for: 10m\n    publish: {type: trade, market: BTC-PERP}\n"
    )
    command = start("run", "--runs", str(tmp_path / "runs"), str(scenario))
    command.wait_for("playing: A long session")
    command.send(signal.SIGINT)
    ended = command.end()
    assert ended.exit_code == 130
    assert ended.stderr.startswith("harness: interrupted")
    folder = (tmp_path / "runs/latest").resolve()
    assert ended.stdout.splitlines()[-1] == f"history, summary.json, junit.xml: {folder}"
    assert "; interrupted, with 0 of 1 scenarios judged" in ended.stdout
    assert json.loads((folder / "summary.json").read_text())["outcome"] == "interrupted"
    suites = ElementTree.parse(folder / "junit.xml").getroot()
    assert [one.get("type") for one in suites.iter("error")] == ["interrupted"]
    again = harness("check", str(folder))
    assert again.exit_code == 3
    assert "the run was interrupted" in again.stdout.splitlines()


def test_a_run_that_is_killed_keeps_the_reports_of_what_was_judged(
    start: Callable[..., Command], tmp_path: Path
) -> None:
    claim = "scenario: {}\nclients: {{a: {{query: {{market: BTC-PERP}}}}}}\ntimeline: [{}]\n"
    event = "publish: {type: trade, market: BTC-PERP}"
    (tmp_path / "a.yaml").write_text(claim.format("The first", f"{{{event}}}"))
    (tmp_path / "b.yaml").write_text(claim.format("The second", f"{{every: 1s, for: 10m, {event}}}"))
    files = (str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml"))
    command = start("run", "--runs", str(tmp_path / "runs"), "--junit", str(tmp_path / "copy.xml"), *files)
    command.wait_for("playing: The second")
    command.send(signal.SIGKILL)
    assert command.end().exit_code == 128 + signal.SIGKILL

    summary = json.loads((tmp_path / "runs/latest/summary.json").read_text())
    assert [(one["scenario"], one["verdict"]) for one in summary["scenarios"]] == [("a", "PASS")]
    assert (summary["complete"], summary["verdict"]) == (False, "UNKNOWN")
    (suite,) = ElementTree.parse(tmp_path / "copy.xml").getroot()
    assert suite.get("name") == "The first"
    assert (tmp_path / "copy.xml").read_bytes() == (tmp_path / "runs/latest/junit.xml").read_bytes()


def test_a_run_that_is_killed_in_its_first_scenario_has_reports(
    start: Callable[..., Command], tmp_path: Path
) -> None:
    event = "publish: {type: trade, market: BTC-PERP}"
    (tmp_path / "a.yaml").write_text(
        "scenario: The first\nclients: {a: {query: {market: BTC-PERP}}}\n"
        f"timeline: [{{every: 1s, for: 10m, {event}}}]\n"
    )
    given = ("--runs", str(tmp_path / "runs"), "--junit", str(tmp_path / "copy.xml"))
    command = start("run", *given, str(tmp_path / "a.yaml"))
    command.wait_for("playing: The first")
    command.send(signal.SIGKILL)
    command.end()

    summary = json.loads((tmp_path / "runs/latest/summary.json").read_text())
    assert (summary["complete"], summary["verdict"], summary["scenarios"]) == (False, "UNKNOWN", [])
    assert (tmp_path / "copy.xml").read_bytes() == (tmp_path / "runs/latest/junit.xml").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_killed_while_it_closes_has_said_everything(
    start: Callable[..., Command], tmp_path: Path, number: signal.Signals
) -> None:
    scenario = tmp_path / "a.yaml"
    scenario.write_text(
        "scenario: A trade arrives\nclients: {a: {query: {market: BTC-PERP}}}\n"
        "timeline: [{publish: {type: trade, market: BTC-PERP}}]\n"
    )
    runs, copy = tmp_path / "runs", tmp_path / "copy.xml"
    given = ("run", "--json", "--runs", str(runs), "--junit", str(copy), str(scenario))
    command = start(*given, module="tests.end_to_end.never_closes")
    said = json.loads(command.read_until("}\n"))
    command.send(number)

    assert command.end().exit_code == 128 + number
    assert [(one["scenario"], one["verdict"]) for one in said["scenarios"]] == [("a", "PASS")]
    assert said == json.loads((runs / "latest/summary.json").read_text())
    assert copy.read_bytes() == (runs / "latest/junit.xml").read_bytes()


def test_killing_the_runner_leaves_no_process_behind(start: Callable[..., Command], tmp_path: Path) -> None:
    command = start("up", "--port", "0")
    command.wait_for("Ctrl-C stops it")
    command.send(signal.SIGKILL)
    assert command.end().exit_code == 128 + signal.SIGKILL


def test_stopping_up_ends_it_in_order(start: Callable[..., Command]) -> None:
    command = start("up", "--port", "0")
    command.wait_for("Ctrl-C stops it")
    command.send(signal.SIGTERM)
    assert command.end().exit_code == 0
