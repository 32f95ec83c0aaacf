"""`harness check` of histories that do not hold the whole run."""

from pathlib import Path

import pytest

from harness.cli import main
from harness.errors import ExitCode
from harness.record.lines import header
from harness.record.observation import MessageReceived
from harness.record.store import RunDescription, RunFolder
from harness.scenario.loader import to_json
from tests.checks.correct_backend import Act, lines_of, play

RUN = play(
    [
        Act(0.1, "publish", "btc/1", "market.BTC"),
        Act(0.1, "vanish", "btc/2", ""),
        Act(0.1, "leave", "eth/1", ""),
    ]
)
LINES = lines_of(RUN.observations)


def checked(runs: Path, lines: list[bytes]) -> int:
    """The exit code of a check of a run whose history holds these lines."""
    folder = RunFolder.create(runs, started_at=0.0)
    folder.describe(RunDescription("0", 0.0, "embedded", "chat", scenarios=("all",)))
    scenario = folder.path / "all"
    scenario.mkdir()
    (scenario / "scenario.json").write_bytes(to_json(RUN.scenario))
    (scenario / "history.jsonl").write_bytes(header() + b"".join(lines))
    return main(["check", str(folder.path)])


def test_a_whole_history_passes(tmp_path: Path) -> None:
    assert checked(tmp_path, LINES) == ExitCode.PASS


@pytest.mark.parametrize("part", [0.25, 0.5, 0.75])
def test_a_history_that_is_cut_off_is_unknown_and_says_why(
    part: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(tmp_path, LINES[: int(part * len(LINES))]) == ExitCode.UNKNOWN

    told = " ".join(capsys.readouterr().out.split())
    assert "the history ends before the run had settled" in told
    assert "FAIL" not in told


def test_what_was_seen_fails_in_half_a_history_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pushed = next(
        n
        for n, one in enumerate(RUN.observations)
        if isinstance(one, MessageReceived) and "eventId" in one.text
    )
    until_then = RUN.observations[: pushed + 1]
    lines = lines_of([*until_then, until_then[-1], RUN.observations[-1]])

    assert checked(tmp_path, lines[:-1]) == ExitCode.FAIL
    assert "twice" in capsys.readouterr().out
