"""What goes on when a run would end: too much work, and processes that a function has left behind."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.command import Ended, summary_of

HERE = Path(__file__).resolve().parent
CLAIM = """\
scenario: Everybody in the room is told
clients: {a: {count: 2, query: {room: x}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(
        HERE / "overrun", tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


def with_fan_out(folder: Path, fan_out: str, *, delay: str = "0.1") -> None:
    stack = (folder / "stack.yaml").read_text().replace("app.fan_out", f"app.{fan_out}")
    (folder / "stack.yaml").write_text(stack.replace('DELAY: "0.1"', f'DELAY: "{delay}"'))


def test_more_than_is_carried_is_told_first_and_fails_nothing(
    harness: Callable[..., Ended], folder: Path
) -> None:
    with_fan_out(folder, "slow")
    (folder / "claim.yaml").write_text(
        f"{CLAIM}timeline: [{{every: 20ms, for: 3s, publish: {{room: x}}}}]\nsettle: 3s\n"
    )

    ended = harness("run", "claim.yaml", cwd=folder)

    assert ended.exit_code == 3, ended.stdout
    findings = [line for line in ended.stdout.splitlines() if line.startswith("    - ")]
    assert re.match(
        r"    - saturated: offered \S+/s, carried \S+/s; \d+ of 150 events had not been handled", findings[0]
    )
    assert "something was still in flight at the end" in findings[1]
    assert any("never received" in line for line in findings)
    assert "FAIL" not in ended.stdout


def test_a_process_that_would_post_after_the_end_is_ended(
    harness: Callable[..., Ended], folder: Path
) -> None:
    """`harness` fails the test when it leaves a process behind."""
    with_fan_out(folder, "posts_on", delay="600")
    (folder / "claim.yaml").write_text(f"{CLAIM}timeline: [{{publish: {{room: x}}}}]\n")

    ended = harness("run", "claim.yaml", cwd=folder)

    assert ended.exit_code == 0, ended.stdout


def test_what_arrives_after_all_had_settled_is_a_finding(harness: Callable[..., Ended], folder: Path) -> None:
    with_fan_out(folder, "posts_on")
    (folder / "claim.yaml").write_text(
        f"{CLAIM}timeline: [{{publish: {{room: x}}}}, {{at: 6s, publish: {{room: x}}}}]\n"
    )

    ended = harness("run", "claim.yaml", cwd=folder)

    assert ended.exit_code == 1, ended.stdout
    checks = summary_of(folder)["scenarios"][0]["checks"]
    assert [check["check"] for check in checks if check["verdict"] == "FAIL"] == ["routing"]
    assert re.search(
        r"received e1 \S+ \S+ after everything had settled|received e1 .* \d+ times", ended.stdout
    )
