"""A run that does not start says everything at once, in every report that a CI server may ask for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.end_to_end.command import Command, Ended

CLAIM = (
    "scenario: A trade arrives\nclients: {a: {query: {market: BTC-PERP}}}\n"
    "timeline: [{publish: {type: trade, market: BTC-PERP}}]\n"
)
STACK = """\
name: mine
functions:
  open:
    handler: rooms.opn
  close:
    handler: raises.handler
  say:
    handler: says.handler
    subscribed_to: [t]
topics:
  t: {name: T}
api:
  name: mine
  routes: {$connect: open, $disconnect: close, $default: say}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stack of which two functions do not start."""
    (tmp_path / "claim.yaml").write_text(CLAIM)
    (tmp_path / "stack.yaml").write_text(STACK)
    (tmp_path / "rooms.py").write_text("def open(event, context):\n    return {'statusCode': 200}\n")
    (tmp_path / "raises.py").write_text("import os\n\nNAME = os.environ['NOT_SET_ANYWHERE']\n")
    (tmp_path / "says.py").write_text("def handler(event, context):\n    return {'statusCode': 200}\n")
    return tmp_path


def told_everywhere(folder: Path, ended: Ended) -> list[str]:
    """The reasons, which standard error, --json, --junit and the run's folder tell alike."""
    said = json.loads(ended.stdout)
    kept = json.loads((folder / "runs/latest/summary.json").read_text())
    assert said == kept
    assert (said["outcome"], said["complete"], said["scenarios"]) == ("did not start", False, [])
    assert (folder / "copy.xml").read_bytes() == (folder / "runs/latest/junit.xml").read_bytes()
    suites = ElementTree.parse(folder / "copy.xml").getroot()
    errors = list(suites.iter("error"))
    assert {one.get("type") for one in errors} == {"did not start"}
    assert [one.text for one in errors] == said["reasons"]
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == (
        str(len(errors)),
        "0",
        str(len(errors)),
    )
    assert ended.stderr == f"harness: {chr(10).join(said['reasons'])}\n"
    return [str(one) for one in said["reasons"]]


def run(harness: Callable[..., Ended], folder: Path, *more: str) -> Ended:
    given = ("run", "--json", "--junit", str(folder / "copy.xml"), "--runs", str(folder / "runs"))
    return harness(*given, *more, str(folder / "claim.yaml"), cwd=folder)


def test_all_functions_that_do_not_start_are_told_with_their_lines(
    harness: Callable[..., Ended], folder: Path
) -> None:
    ended = run(harness, folder)

    assert ended.exit_code == 1
    assert told_everywhere(folder, ended) == [
        "stack.yaml:4: function 'mine-open' does not start: Runtime.HandlerNotFound: "
        "Handler 'opn' missing on module 'rooms'; did you mean 'rooms.open'?",
        "stack.yaml:6: function 'mine-close' does not start: KeyError: 'NOT_SET_ANYWHERE' "
        f"({folder}/raises.py:3)",
    ]
    assert json.loads(ended.stdout)["verdict"] == "FAIL"

    again = harness("check", str(folder / "runs/latest"))
    assert again.exit_code == 1
    assert "the run did not start:" in again.stdout.splitlines()
    assert f"({folder}/raises.py:3)" in again.stdout


def test_the_mistakes_of_all_files_are_told_together(harness: Callable[..., Ended], folder: Path) -> None:
    (folder / "stack.yaml").write_text(STACK.replace("timeout", "").replace("routes:", "rooutes:"))
    (folder / "claim.yaml").write_text(CLAIM.replace("publish", "pubish"))

    ended = run(harness, folder)

    assert ended.exit_code == 2
    stack, claim = told_everywhere(folder, ended)[-2:]
    assert stack == "stack.yaml:14: unknown field 'rooutes'; did you mean 'routes'?"
    assert claim == f"{folder}/claim.yaml:3: unknown step 'pubish'; did you mean 'publish'?"
    assert json.loads(ended.stdout)["verdict"] == "UNKNOWN"


def test_a_stack_that_cannot_be_read_makes_no_scenario_wrong(
    harness: Callable[..., Ended], folder: Path
) -> None:
    (folder / "stack.yaml").write_text(STACK.replace("routes:", "rooutes:"))
    (folder / "claim.yaml").write_text(CLAIM.replace("market: BTC-PERP}}", "room: kitchen}}"))

    ended = run(harness, folder)

    assert all(reason.startswith("stack.yaml:") for reason in told_everywhere(folder, ended))


def test_a_handler_that_lies_in_another_folder_is_found(harness: Callable[..., Ended], folder: Path) -> None:
    (folder / "deeper").mkdir()
    (folder / "says.py").rename(folder / "deeper/says.py")

    ended = run(harness, folder)

    assert ended.exit_code == 2
    assert told_everywhere(folder, ended) == [
        "stack.yaml:8: there is no says.py for 'says.handler' in '.'; did you mean 'deeper/says.handler'?"
    ]


def test_up_tells_all_functions_that_do_not_start(start: Callable[..., Command], folder: Path) -> None:
    ended = start("up", "--port", "0", cwd=folder).end()

    assert ended.exit_code == 1
    assert [line.partition(": function ")[0] for line in ended.stderr.splitlines()] == [
        "harness: stack.yaml:4",
        "stack.yaml:6",
    ]


def test_other_failures_do_not_say_that_it_did_not_start(harness: Callable[..., Ended], folder: Path) -> None:
    (folder / "stack.yaml").write_text(STACK.replace("rooms.opn", "says.handler").replace("raises", "says"))

    ended = run(harness, folder)

    said: Any = json.loads(ended.stdout)
    assert (ended.exit_code, said["outcome"], said["reasons"]) == (1, "judged", [])
    assert "did not start" not in ended.stdout + (folder / "copy.xml").read_text()
