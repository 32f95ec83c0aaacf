"""Whatever becomes of a history's file, what it then lacks proves nothing: the file of a correct backend's run."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from harness.checks import judge
from harness.checks.verdict import ScenarioResult, Verdict
from harness.record.lines import header
from harness.record.stored import StoredHistory
from tests.checks.correct_backend import Act, lines_of, play

RUN = play(
    [
        Act(0.1, "publish", "btc/1", "market.BTC"),
        Act(0.003, "subscribe", "btc/1", "market.ETH"),
        Act(0.0, "publish", "btc/1", "market.ETH"),
        Act(0.05, "vanish", "btc/2", ""),
        Act(0.02, "publish", "btc/2", "market.BTC"),
        Act(0.01, "leave", "eth/1", ""),
        Act(0.004, "publish", "eth/1", "market.ETH"),
    ],
    seed=3,
)
STEP = 5
"""Every so many lines are harmed; which ones moves with the number of lines."""
LINES = lines_of(RUN.observations)
Harm = Callable[[list[bytes], int], list[bytes]]


def _lost(lines: list[bytes], number: int) -> list[bytes]:
    return [*lines[:number], *lines[number + 1 :]]


def _doubled(lines: list[bytes], number: int) -> list[bytes]:
    return [*lines[: number + 1], *lines[number:]]


def _garbled(lines: list[bytes], number: int) -> list[bytes]:
    return [*lines[:number], lines[number][:-9] + b"#\n", *lines[number + 1 :]]


def _cut_off(lines: list[bytes], number: int) -> list[bytes]:
    return lines[:number]


def _torn(lines: list[bytes], number: int) -> list[bytes]:
    return [*lines[:number], lines[number][: len(lines[number]) // 2]]


HARMS: dict[str, Harm] = {
    "a line is lost": _lost,
    "a line is written twice": _doubled,
    "a line is garbled": _garbled,
    "it is cut off": _cut_off,
    "it is torn": _torn,
}


def stored(file: Path, lines: Sequence[bytes]) -> StoredHistory:
    file.write_bytes(header() + b"".join(lines))
    return StoredHistory(file)


def failures(result: ScenarioResult) -> Iterator[str]:
    for one in result.results:
        if one.verdict is Verdict.FAIL:
            yield f"{one.check}: {one.findings[0].what}"


def test_the_whole_file_passes(tmp_path: Path) -> None:
    result = judge(RUN.scenario, stored(tmp_path / "history.jsonl", LINES))

    assert [(one.check, one.summary) for one in result.results if one.verdict is not Verdict.PASS] == []


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_no_harm_to_a_file_fails_anything_or_goes_unnoticed(harm: Harm, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    whole = stored(file, LINES).observations
    told: dict[bytes, list[str]] = {}
    for number in range(len(LINES) % STEP, len(LINES), STEP):
        history = stored(file, harm(LINES, number))
        result = judge(RUN.scenario, history)
        if wrong := list(failures(result)):
            told[LINES[number]] = wrong
        elif result.verdict is Verdict.PASS and history.observations != whole:
            told[LINES[number]] = ["nobody noticed"]

    assert told == {}
