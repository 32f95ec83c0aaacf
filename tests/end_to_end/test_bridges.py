"""What a push belongs to is known by the way it came, through every service, although nothing in it says so."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import HERE, Ended, summary_of

WAYS = ("bus", "queue", "stream", "direct")
CLAIM = """\
scenario: What is said in a room is heard there and nowhere else
clients:
  bus: {count: 2, query: {room: bus}}
  queue: {count: 2, query: {room: queue}}
  stream: {count: 2, query: {room: stream}}
  direct: {count: 2, query: {room: direct}}
  garden: {count: 2, query: {room: garden}}
timeline:
  - {at: 0s, publish: {room: bus}}
  - {at: 1s, publish: {room: queue}}
  - {at: 2s, publish: {room: stream}}
  - {at: 3s, publish: {room: direct}}
settle: 30s
"""


@pytest.fixture
def judged(harness: Callable[..., Ended], tmp_path: Path) -> Callable[..., Any]:
    """Plays the stack, leaking or not, and gives what its summary says of routing."""

    def judge(*, leaks: bool) -> Any:
        shutil.copytree(
            HERE / "bridges", tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__py*")
        )
        stack = tmp_path / "stack.yaml"
        stack.write_text(stack.read_text().replace('LEAKS: "no"', f'LEAKS: "{"yes" if leaks else "no"}"'))
        (tmp_path / "claim.yaml").write_text(CLAIM)
        ended = harness("run", "claim.yaml", cwd=tmp_path)
        assert ended.exit_code == int(leaks), ended.stdout + ended.stderr
        (scenario,) = summary_of(tmp_path)["scenarios"]
        return next(check for check in scenario["checks"] if check["check"] == "routing")

    return judge


def test_every_way_is_followed(judged: Callable[..., Any]) -> None:
    routing = judged(leaks=False)

    assert (routing["verdict"], routing["findings"]) == ("PASS", [])
    assert routing["counts"]["received"] == routing["counts"]["expected"] == 2 * len(WAYS)


def test_a_leak_is_found_behind_every_way(judged: Callable[..., Any]) -> None:
    routing = judged(leaks=True)

    assert routing["verdict"] == "FAIL"
    assert routing["counts"]["leaked"] == 2 * len(WAYS)
    assert "posted by bridges-fan_out" in routing["findings"][0]["what"]
