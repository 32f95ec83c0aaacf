"""What a function answered, where it posted and which rows it left is told by the run of a user."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.command import Ended, summary_of

CARELESS = "tests/end_to_end/careless_handlers"
COMES_AND_GOES = """\
scenario: Alice comes, hears of a trade, and goes
clients:
  alice: {query: {market: BTC-PERP}}
timeline:
  - {at: 100ms, publish: {type: trade, market: BTC-PERP, price: "1"}}
  - {at: 2s, leave: alice}
"""


@pytest.fixture
def played(
    harness: Callable[..., Ended], stack_with: Callable[..., Path], tmp_path: Path
) -> Callable[..., tuple[Ended, Mapping[str, Any]]]:
    """Runs a scenario, on a stack with handlers replaced and its text changed; its end, and its summary by check."""

    def play(
        text: str = COMES_AND_GOES, change: Callable[[Any], None] = lambda stack: None, **handlers: str
    ) -> tuple[Ended, Mapping[str, Any]]:
        stack = stack_with(**{name: f"{CARELESS}.{handler}" for name, handler in handlers.items()})
        loaded = yaml.safe_load(stack.read_text())
        change(loaded)
        stack.write_text(yaml.safe_dump(loaded))
        scenario = tmp_path / "scenario.yaml"
        scenario.write_text(text)
        ended = harness("run", "--stack", str(stack), "--runs", str(tmp_path / "runs"), str(scenario))
        (summary,) = summary_of(tmp_path)["scenarios"]
        return ended, {check["check"]: check for check in summary["checks"]}

    return play


Played = Callable[..., tuple[Ended, Mapping[str, Any]]]


def test_a_connect_that_answers_nothing_is_the_first_thing_that_is_told(played: Played) -> None:
    ended, checks = played(COMES_AND_GOES.partition("timeline")[0], connect="answers_nothing")
    assert ended.exit_code == 1
    (finding,) = checks["health"]["findings"]
    assert finding["what"] == "dex-connect returned None: not a response (route $connect)"
    assert checks["refusals"]["verdict"] == "FAIL"
    assert ended.stdout.count("- dex-connect returned None: not a response") == 1
    assert ended.stdout.index("returned None: not a response") < ended.stdout.index("handshake was refused")


def test_a_route_that_says_500_is_named(played: Played) -> None:
    ended, checks = played(disconnect="takes_itself_for_failed")
    (finding,) = checks["health"]["findings"]
    assert (ended.exit_code, finding["what"]) == (1, "dex-disconnect answered $disconnect with 500")


def test_a_post_to_nowhere_is_told_with_its_address(played: Played) -> None:
    ended, checks = played(fan_out="posts_to_nowhere")
    assert ended.exit_code == 1
    (finding,) = checks["health"]["findings"]
    assert finding["what"].startswith("dex-fan_out posted to http://127.0.0.1:")
    assert "/None/@connections/...: 403, no such API" in finding["what"]
    assert finding["what"].endswith(", 2 times")


def test_a_row_that_disconnect_leaves_fails_unless_rows_are_kept(played: Played) -> None:
    ended, checks = played(disconnect="leaves_the_row")
    (finding,) = checks["rows"]["findings"]
    assert (ended.exit_code, checks["rows"]["verdict"]) == (1, "FAIL")
    assert finding["what"].endswith("is still there at the end, though its $disconnect has ended")

    def kept(stack: Any) -> None:
        stack["connections"]["after_disconnect"] = "kept"

    ended, checks = played(change=kept, disconnect="leaves_the_row")
    assert (ended.exit_code, checks["rows"]["verdict"]) == (0, "PASS")


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        ("expires_by_another_name", "never expire: they lack 'expireAt', which the table's TTL names"),
        ("expires_in_milliseconds", "milliseconds, and TTL takes seconds"),
    ],
)
def test_rows_that_never_expire_are_a_warning_and_a_failure_where_a_time_is_expected(
    played: Played, handler: str, told: str
) -> None:
    ended, checks = played(connect=handler)
    assert (ended.exit_code, checks["rows"]["verdict"]) == (0, "PASS")
    assert told in checks["rows"]["findings"][0]["what"]
    ended, checks = played(f"{COMES_AND_GOES}expect: {{ttl: 24h}}\n", connect=handler)
    assert (ended.exit_code, checks["rows"]["verdict"]) == (1, "FAIL")
    assert told in checks["rows"]["findings"][0]["what"]


def test_rows_that_expire_as_expected_pass_and_at_another_time_fail(played: Played) -> None:
    expecting = COMES_AND_GOES + "expect: {ttl: 24h}\n"
    ended, checks = played(expecting)
    assert (ended.exit_code, checks["rows"]["verdict"]) == (0, "PASS"), ended.stdout
    ended, checks = played(expecting, connect="expires_in_an_hour")
    assert "the scenario expects 24 h" in checks["rows"]["findings"][0]["what"]
    assert ended.exit_code == 1


def test_without_connections_rows_are_not_judged_and_that_is_said(played: Played) -> None:
    def unnamed(stack: Any) -> None:
        del stack["connections"]

    ended, checks = played(change=unnamed)
    assert ended.exit_code == 0
    assert not checks.keys() & {"purge", "rows"}
    assert "purge and rows are not judged" in checks["health"]["findings"][0]["what"]


@pytest.mark.parametrize(
    ("text", "change", "line", "told"),
    [
        pytest.param(
            COMES_AND_GOES.replace("at: 2s", "at: 200"),
            None,
            6,
            "'at': 200 has no unit; did you mean",
            id="unit",
        ),
        pytest.param(
            COMES_AND_GOES + "expect: {purge: 2s}\n",
            "connections",
            7,
            "'purge' cannot be judged: the stack does not say which rows stand for connections",
            id="purge of no rows",
        ),
        pytest.param(
            COMES_AND_GOES,
            "subscribed_to",
            5,
            "nothing can be published: nothing in the stack is subscribed to its topic",
            id="a topic that nobody hears",
        ),
    ],
)
def test_what_cannot_be_judged_is_refused_with_its_line(
    harness: Callable[..., Ended],
    stack_with: Callable[..., Path],
    tmp_path: Path,
    text: str,
    change: str | None,
    line: int,
    told: str,
) -> None:
    stack = stack_with()
    loaded = yaml.safe_load(stack.read_text())
    for part in (loaded, *loaded["functions"].values()):
        part.pop(change, None)
    stack.write_text(yaml.safe_dump(loaded))
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(text)
    ended = harness("run", "--stack", str(stack), "--runs", str(tmp_path / "runs"), str(scenario))
    assert ended.exit_code == 2
    assert f"{scenario}:{line}: {told}" in ended.stderr
