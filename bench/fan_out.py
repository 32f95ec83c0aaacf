"""Speed of one event that goes to all its subscribers: `python -m bench.fan_out` prints a table in Markdown.

The project's own stack.yaml on the embedded emulator, played and recorded as by `harness run`, and after each size
the machine's floor (`bench/floor.py`), so that a figure has something beside it that was measured on the same machine
at the same time. It measures and tells; it fails when frames are lost, never because they were slow. `--write` puts
the table into docs/performance.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.dynamodb_peers import ROOT
from bench.floor import Floor, Sent, floor
from bench.page import write
from harness.checks.attribution import Attribution
from harness.clients.crowd import allow_open_files
from harness.event_loop import run, settle_memory
from harness.percentiles import percentile
from harness.progress import Silent
from harness.record.history import History
from harness.record.observation import EventPublished
from harness.run import record
from harness.run_reports import new_run_folder
from harness.scenario.feed import Feed
from harness.scenario.model import Scenario
from harness.stack.loader import load_stack
from harness.stack.model import Stack
from harness.testbed import open_testbed

MARK = "bench/fan_out.py"
HEADING = "## One event to its subscribers"
SIZES = (500, 1_000, 3_000)
EVENTS = 10
PER_SECOND = 500
"""Pushes a second that are asked for: the next event waits until the one before has surely arrived."""
SETTLE = 300.0
FILES_BESIDES = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: the events that were sent to `subscribers`, and what a push cost of CPU, where known."""

    subscribers: int
    what: str
    events: tuple[Sent, ...]
    cpu: str = ""

    @property
    def delivered(self) -> int:
        return sum(len(one.arrived) for one in self.events)

    @property
    def expected(self) -> int:
        return self.subscribers * EVENTS


# --- the harness ------------------------------------------------------------------------------------------


def by_the_harness(stack: Stack, subscribers: int) -> Line:
    """The events on the stack, to clients that asked for their market when they connected."""
    with tempfile.TemporaryDirectory(prefix="fanout-bench-") as folder:
        history = run(_recorded(stack, a_scenario(stack, subscribers), Path(folder)))
    return Line(subscribers, "the harness, with `dex/ws`", tuple(_events(stack.feed, history)))


def a_scenario(stack: Stack, subscribers: int) -> Scenario:
    """One event that starts the function and is not counted, and then those that are."""
    event = {"market": "BTC-PERP", "price": "64523.5", "quantity": "0.02", "number": "{n}"}
    gap = subscribers / PER_SECOND
    return Scenario.model_validate(
        {
            "scenario": f"One event to {subscribers} subscribers",
            "clients": {"btc": {"count": subscribers, "query": {"market": "BTC-PERP"}}},
            "timeline": [
                {"at": "500ms", "publish": {"type": "markPrice"} | event},
                {
                    "at": f"{500 + gap * 2000:.0f}ms",
                    "every": f"{gap * 1000:.0f}ms",
                    "for": f"{gap * EVENTS * 1000:.0f}ms",
                    "publish": {"type": "trade"} | event,
                },
            ],
            "settle": f"{SETTLE:.0f}s",
            "feed": stack.feed,
        }
    )


async def _recorded(stack: Stack, scenario: Scenario, folder: Path) -> History:
    async with open_testbed(stack) as testbed:
        settle_memory()
        run_folder = new_run_folder(testbed, folder)
        return (await record(testbed, Path("fan-out.yaml"), scenario, run_folder, Silent())).read_history()


def _events(feed: Feed, history: History) -> Iterator[Sent]:
    published = history.of(EventPublished)
    arrivals: dict[int, list[float]] = {}
    for message in Attribution(feed, history):
        for number in message.candidates:
            arrivals.setdefault(number, []).append(message.message.at)
    for number, one in enumerate(published):
        if one.type == "trade":
            yield Sent(one.intended_at, tuple(arrivals.get(number, ())))


# --- the floor --------------------------------------------------------------------------------------------


def by_the_machine(subscribers: int) -> Line:
    """The same pushes by processes that do nothing else."""
    measured = floor(subscribers, EVENTS)
    return Line(subscribers, "the machine's floor", measured.events, _cpu(measured, subscribers * EVENTS))


def _cpu(measured: Floor, posts: int) -> str:
    each = (measured.poster, measured.gateway, measured.reader)
    return " + ".join(f"{seconds / posts * 1e6:.0f}" for seconds in each) + " µs"


# --- the table in Markdown --------------------------------------------------------------------------------


def markdown(lines: Sequence[Line]) -> str:
    """The table: for each size the harness, and below it the floor."""
    head = [
        "| subscribers | | p50 | p99 | pushes/s | delivered | CPU of a push: poster + gateway + reader |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *map(_row, lines)])


def _row(line: Line) -> str:
    latencies = sorted(at - one.began for one in line.events for at in one.arrived)
    figures = [
        f"{percentile(latencies, percent) * 1000:.0f} ms" if latencies else "-" for percent in (50, 99)
    ]
    cells = (
        f"{line.subscribers:,}",
        line.what,
        *figures,
        f"{_pushes_per_second(line):,.0f}",
        f"{line.delivered:,} of {line.expected:,}",
        line.cpu,
    )
    return f"| {' | '.join(cells)} |"


def _pushes_per_second(line: Line) -> float:
    """The median event's: its frames, over the time to the last of them."""
    rates = [len(one.arrived) / (max(one.arrived) - one.began) for one in line.events if one.arrived]
    return median(rates) if rates else 0.0


def lost(lines: Sequence[Line]) -> list[str]:
    """What did not arrive, or arrived too often, a text for each line of the table where that is so."""
    return [
        f"{line.what}, {line.subscribers:,} subscribers: {line.delivered:,} of {line.expected:,} frames arrived"
        for line in lines
        if line.delivered != line.expected
    ]


def measure(sizes: Sequence[int]) -> Iterator[Line]:
    """Two lines for each size."""
    stack = load_stack(ROOT / "stack.yaml")
    for subscribers in sizes:
        allow_open_files(2 * subscribers + FILES_BESIDES)
        yield by_the_harness(stack, subscribers)
        yield by_the_machine(subscribers)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fan_out", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, help="numbers of subscribers")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    lines: list[Line] = []
    print(markdown(lines), flush=True)
    for line in measure(options.sizes):
        lines.append(line)
        print(_row(line), flush=True)
    if problems := lost(lines):
        sys.exit("\n".join(problems))
    if options.write:
        write(markdown(lines), mark=MARK, heading=HEADING)


if __name__ == "__main__":
    main()
