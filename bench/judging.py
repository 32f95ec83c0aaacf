"""How long does a large history take to be judged, and in how much memory? `python -m bench.judging` tells.

The history is made up (`tests/record/made_up.py`): 100,000 events to seven clients each, two million observations. It
is judged in a process of its own, whose largest resident memory is told beside that of one which judges next to
nothing.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.checks import judge
from harness.record.stored import StoredHistory
from harness.scenario.feed import Feed
from harness.scenario.loader import load_scenario
from tests.record.made_up import LINES_AN_EVENT, SCENARIO, write_history

EVENTS = 100_000


def main() -> int:
    """Measures, or with --judge judges the history in a folder, in the process that is measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.judging", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.judge is not None:
        _judge(options.judge)
        return 0
    for events in (10, options.events):
        _measure(events)
    return 0


def _measure(events: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "scenario.yaml").write_text(SCENARIO)
        write_history(folder / "history.jsonl", events=events)
        size = (folder / "history.jsonl").stat().st_size
        print(f"{events * LINES_AN_EVENT:,} observations, {size / 1e6:.1f} MB:", flush=True)
        subprocess.run([sys.executable, "-m", "bench.judging", "--judge", name], check=True)


def _judge(folder: Path) -> None:
    scenario = load_scenario(folder / "scenario.yaml", feed=Feed())
    began_at = time.perf_counter()
    history = StoredHistory(folder / "history.jsonl")
    read = sum(1 for _ in history.each())
    read_at = time.perf_counter()
    print(f"  read {read:,} observations twice in {read_at - began_at:.1f} s, {_most_memory():.0f} MB")
    result = judge(scenario, history)
    took = time.perf_counter() - read_at
    print(f"  judged {result.verdict.name} in {took:.1f} s, {_most_memory():.0f} MB")


def _most_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
