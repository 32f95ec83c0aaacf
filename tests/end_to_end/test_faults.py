"""Faults that a scenario asks for reach the emulator, and are gone with the scenario."""

from collections.abc import Callable
from pathlib import Path

from tests.end_to_end.command import HERE, Ended

LAGGING_INDEX = """\
scenario: A switch is in place as soon as its handler has ended, which a lagging index refutes
clients:
  mover: {subscribe: market.BTC-PERP}
  stayer: {subscribe: market.ETH-PERP}
dynamodb:
  index_lag: 30s
timeline:
  - at: 0s
    subscribe: {clients: mover, channel: market.ETH-PERP}
  - at: 3s
    publish: {type: trade, market: ETH-PERP, price: "3011.2"}
"""


def test_an_index_that_lags_loses_an_event_and_no_event_of_the_next_scenario(
    harness: Callable[..., Ended], tmp_path: Path
) -> None:
    first, second = tmp_path / "1-lagging.yaml", tmp_path / "2-order.yaml"
    first.write_text(LAGGING_INDEX)
    second.write_text((HERE / "order.yaml").read_text())

    ended = harness("run", "--runs", str(tmp_path / "runs"), str(first), str(second))

    assert ended.exit_code == 1
    assert "e1 (trade) never received by mover" in ended.stdout
    assert "1 passed, 1 failed, 0 unknown" in ended.stdout


def test_a_throttled_table_is_retried_by_the_sdk(harness: Callable[..., Ended], tmp_path: Path) -> None:
    scenario = tmp_path / "throttled.yaml"
    scenario.write_text(LAGGING_INDEX.replace("index_lag: 30s", "throttle_every: 5"))

    ended = harness("run", "--runs", str(tmp_path / "runs"), str(scenario))

    assert ended.exit_code == 0, ended.stdout
