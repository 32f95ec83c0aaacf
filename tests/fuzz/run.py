"""`python -m tests.fuzz.run --n 100000`: malformed input for an emulator, and what is left of it afterwards.

Prints how the inputs ended, the latency of a healthy client afterwards, beside that of an emulator which was not
attacked, and memory, connections, tasks and work in flight before and after. Exits 1 when something leaked, hung,
broke, or got much slower. Memory counts from the warm-up on: a full log of the function, and the first fifth of the
inputs. `--seed` and `--only` show one input.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from websockets.sync.client import connect

from harness.event_loop import run as run_event_loop
from harness.stack.model import Route
from tests.fuzz.attack import Outcome, attack
from tests.fuzz.inputs import malformed
from tests.patience import WAIT
from tests.small_api import SmallApi, small_api

ECHOES = 300
TURNS = 3
LOGGED = 7000  # invocations: their lines fill a function's log, which then stays as long
OBSERVATIONS = 2000  # kept by the emulator: the record of a run is to grow, nothing else is
ENVIRONMENTS = 8  # as many as a function gets: none starts during the run
SETTLE = 30.0  # seconds that closing connections get to close
MOST_GROWTH = 1.10
MOST_SLOWER = 2.0  # a noisy machine's factor; the figures are printed
ECHO = """
def handler(event, context):
    return {"statusCode": 200, "body": ">" + event["body"]}
"""
ROUTES = {"$default": Route(function="echo", two_way=True)}


@dataclass(frozen=True, slots=True)
class State:
    """What the emulator holds, as `/_harness/health` says, and its memory in bytes.

    Its functions and the process that asks keep HTTP connections open at all times.
    """

    http: int
    websocket: int
    in_flight: int
    tasks: int
    memory: int

    def leaked_since(self, before: "State") -> bool:
        """Whether anything is open or under way that was not before."""
        busy = self.websocket or self.in_flight
        return bool(busy or self.http > before.http or self.tasks > before.tasks)


@dataclass(frozen=True, slots=True)
class Report:
    """A run's figures; latencies in seconds."""

    n: int
    seconds: float
    outcome: Outcome
    before: State
    warm: State
    after: State
    usual_latency: float
    latency: float

    @property
    def growth(self) -> float:
        """Memory after the run, as a multiple of that after the warm-up."""
        return self.after.memory / self.warm.memory

    @property
    def slowdown(self) -> float:
        """The healthy client's median latency, as a multiple of that at an emulator that was not attacked."""
        return self.latency / self.usual_latency

    @property
    def leaks(self) -> tuple[str, ...]:
        """What is left behind or went wrong, in words; () when nothing did."""
        faults = [f"input {number}: {ending}" for number, ending in self.outcome.suspects]
        if self.after.leaked_since(self.before):
            faults.append(f"still open or under way: {self.after}, before: {self.before}")
        return tuple(faults)

    @property
    def faults(self) -> tuple[str, ...]:
        """`leaks`, and what grew or slowed down too much."""
        faults = list(self.leaks)
        if self.growth > MOST_GROWTH:
            faults.append(f"memory has grown by {self.growth - 1:.0%}")
        if self.slowdown > MOST_SLOWER:
            faults.append(f"a healthy client is served {self.slowdown:.1f} times slower")
        return tuple(faults)

    def __str__(self) -> str:
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.outcome.endings.most_common())
        latency, usual = self.latency * 1000, self.usual_latency * 1000
        return (
            f"{self.n} malformed inputs in {self.seconds:.0f} s: {kinds}\n"
            f"healthy client: median {latency:.2f} ms, usual {usual:.2f} ms, ratio {self.slowdown:.2f}\n"
            f"memory: {self.warm.memory >> 20} MB after the warm-up, {self.after.memory >> 20} MB after, "
            f"{self.growth - 1:+.1%}\n"
            f"left open: {self.after.websocket} WebSockets, {self.after.http - self.before.http} more of HTTP, "
            f"{self.after.in_flight} in flight, {self.after.tasks - self.before.tasks} more tasks"
        )


def fuzz(folder: Path, *, n: int, seed: int, logged: int = LOGGED) -> Report:
    """Runs `n` inputs against an emulator of their own, after as many invocations as `logged` says."""
    with small_api(folder, ROUTES, {"echo": ECHO}, prewarm=ENVIRONMENTS, observations=OBSERVATIONS) as api:
        echo(api, logged + ECHOES)
        api.page("quiet?timeout=5")
        before = _state(api)
        began = time.monotonic()
        outcome = _attack(api, range(n // 5), seed)
        warm = settled(api, before)
        rest = _attack(api, range(n // 5, n), seed)
        outcome.endings += rest.endings
        outcome.suspects += rest.suspects
        seconds = time.monotonic() - began
        after = settled(api, before)
        return Report(n, seconds, outcome, before, warm, after, *latencies(folder, api))


def _attack(api: SmallApi, numbers: range, seed: int) -> Outcome:
    found: list[Outcome] = []

    async def run() -> None:
        found.append(await attack(api.address, api.path, numbers=numbers, seed=seed))

    run_event_loop(run())
    return found[0]


def latencies(folder: Path, attacked: SmallApi) -> tuple[float, float]:
    """The median time of an echo, in seconds: by an emulator that was not attacked, and by the one that was.

    Both are asked in turn, and the best turn of each counts: what else the machine does hits both alike.
    """
    with small_api(folder, ROUTES, {"echo": ECHO}, prewarm=ENVIRONMENTS) as untouched:
        turns = [(median_echo(untouched), median_echo(attacked)) for _ in range(TURNS)]
    usual, latency = zip(*turns, strict=True)
    return min(usual), min(latency)


def median_echo(api: SmallApi) -> float:
    """The median time of an echo for a healthy client, in seconds."""
    return statistics.median(echo(api, ECHOES))


def echo(api: SmallApi, messages: int) -> list[float]:
    """Sends messages one after the other, as a healthy client; the time of each until its answer, in seconds."""
    times = []
    with connect(api.url, open_timeout=WAIT, proxy=None) as client:
        for number in range(messages):
            began = time.monotonic()
            client.send(f"echo {number}")
            assert client.recv(WAIT) == f">echo {number}"
            times.append(time.monotonic() - began)
    return times


def settled(api: SmallApi, before: State) -> State:
    """The state once what is closing has closed, or after a minute."""
    until = time.monotonic() + SETTLE
    while (state := _state(api)).leaked_since(before) and time.monotonic() < until:
        api.page("quiet?timeout=5", timeout=WAIT)
        time.sleep(0.2)  # refused connections linger, and nothing tells when the last one is gone
    return state


def _state(api: SmallApi) -> State:
    health = api.page("health")
    pages = int(Path(f"/proc/{api.pid}/statm").read_text().split()[1])
    return State(health["http"], health["websocket"], health["in_flight"], health["tasks"], pages * 4096)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    parser.add_argument("--n", type=int, default=100_000, help="how many inputs (100000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="show the input with this number, and send nothing")
    options = parser.parse_args(arguments)
    if options.only is not None:
        print(malformed(options.seed, options.only, "/_aws/execute-api/{api}/dev"))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        report = fuzz(Path(folder), n=options.n, seed=options.seed)
    print(report)
    for fault in report.faults[:20]:
        print(f"FAIL: {fault}", file=sys.stderr)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
