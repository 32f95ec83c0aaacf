"""READ FIRST: one run, top to bottom.

A run deploys the stack to a backend and plays one scenario after the other: simulated clients connect and
subscribe, matcher events are published, and everything seen is appended to a history on disk. Only then do the
checks judge, from the history alone; the same history can be judged again later (`harness check`).
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from harness import __version__
from harness.checks import judge
from harness.checks.verdict import ScenarioResult
from harness.clients.crowd import Crowd
from harness.clients.play import play
from harness.clients.publisher import Publisher, threads_for
from harness.clients.schedule import Action, PublishEvent, schedule
from harness.clock import Clock, RealClock
from harness.progress import Progress, Silent, Standing
from harness.record.history import History
from harness.record.observation import ObservationsLost, RowsFound
from harness.record.store import HistoryWriter, RunDescription, RunFolder
from harness.scenario.loader import find_scenarios, from_json, load_scenario, read_events, to_json
from harness.scenario.model import Scenario
from harness.stack.loader import load_stack
from harness.testbed import Testbed, embedded_testbed

RECORD_INTERVAL = 0.25


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What to run: the stack, the scenarios (files or folders), and the folder that keeps the runs."""

    stack: Path = Path("stack.yaml")
    scenarios: tuple[Path, ...] = (Path("scenarios"),)
    runs: Path = Path("runs")
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run, and the folder that holds its histories."""

    folder: RunFolder
    results: tuple[ScenarioResult, ...]
    seconds: float


async def run(options: RunOptions, progress: Progress | None = None) -> RunResult:
    """Plays the scenarios on the embedded emulator and judges each as soon as it has ended.

    Raises UsageError for mistakes in the files, DeploymentFailed when a handler cannot start and BackendError when
    the harness or the backend breaks; whatever happens, the histories so far stay on disk.
    """
    progress, started_at = progress or Silent(), time.monotonic()
    stack = load_stack(options.stack)
    paths = [path for given in options.scenarios for path in find_scenarios(given)]
    scenarios = [(path, load_scenario(path, feed=stack.feed)) for path in paths]
    results: list[ScenarioResult] = []
    async with AsyncExitStack() as until_the_end:
        with progress.doing("starting AWS on this machine and deploying the stack"):
            testbed = await until_the_end.enter_async_context(embedded_testbed(stack))
        run_folder = run_folder_for(testbed, options.runs, command=options.command)
        for path, scenario in scenarios:
            history = await record(testbed, path, scenario, run_folder, progress)
            results.append(judge(scenario, history, name=path.stem))
            progress.judged(results[-1])
    return RunResult(run_folder, tuple(results), time.monotonic() - started_at)


async def record(
    testbed: Testbed, path: Path, scenario: Scenario, run_folder: RunFolder, progress: Progress
) -> History:
    """Plays one scenario; its folder holds everything that was seen, however the playing ends."""
    folder = run_folder.add_scenario(path.stem)
    folder.write_scenario(to_json(scenario))
    description = run_folder.description()
    run_folder.describe(replace(description, scenarios=(*description.scenarios, folder.name)))
    with folder.open_history() as history:
        async with _recording_the_inside(testbed, history):
            await play_scenario(testbed, scenario, history, progress)
    await _empty_the_table(testbed, scenario)
    return folder.read_history()


async def play_scenario(
    testbed: Testbed, scenario: Scenario, history: HistoryWriter, progress: Progress
) -> None:
    """Clients, publisher and timeline; returns when everything in flight has arrived and everybody has left."""
    clock = RealClock()
    actions = schedule(scenario, files=read_events, chances=Random)
    await testbed.backend.set_disconnect_events(scenario.gateway.disconnect_events)
    publisher = Publisher(
        topic_arn=testbed.topic_arn,
        sns_client_factory=testbed.sns_client,
        feed=scenario.feed,
        clock=clock,
        note=history.append,
        threads=threads_for([action.at for action in actions if isinstance(action, PublishEvent)]),
    )
    async with Crowd(scenario, testbed.deployment.url, clock=clock, note=history.append) as crowd:
        try:
            await publisher.open()
            with progress.playing(scenario.scenario, _standing(crowd, actions, clock)):
                await play(
                    scenario,
                    actions,
                    crowd=crowd,
                    publisher=publisher,
                    quiet=testbed.backend.quiet,
                    clock=clock,
                    note=history.append,
                )
            if testbed.rows is not None:
                rows = await asyncio.to_thread(testbed.rows.connections)
                history.append(RowsFound(clock.monotonic(), rows))
        finally:
            await publisher.close()


async def _empty_the_table(testbed: Testbed, scenario: Scenario) -> None:
    """The next scenario must not meet the connections of this one; not part of the history."""
    await testbed.backend.quiet(scenario.settle)
    if testbed.rows is not None:
        await asyncio.to_thread(testbed.rows.clear)


def judge_again(run_folder: Path) -> RunResult:
    """The verdicts of an old run's histories, by the checks of today."""
    folder = RunFolder.open(run_folder)
    results = [judge(from_json(one.read_scenario()), one.read_history(), name=one.name) for one in folder.scenarios()]
    return RunResult(folder, tuple(results), sum(one.seconds for one in results))


@asynccontextmanager
async def _recording_the_inside(testbed: Testbed, history: HistoryWriter) -> AsyncIterator[None]:
    """Keeps the history on disk up to date, with what the backend saw of its inside."""
    await testbed.backend.seen()  # what happened before this scenario is not its own

    async def keep_recording() -> None:
        while True:
            await asyncio.sleep(RECORD_INTERVAL)
            await _record_the_inside(testbed, history)

    async with asyncio.TaskGroup() as tasks:
        recording = tasks.create_task(keep_recording())
        try:
            yield
        finally:
            recording.cancel()
    await _record_the_inside(testbed, history)


async def _record_the_inside(testbed: Testbed, history: HistoryWriter) -> None:
    seen = await testbed.backend.seen()
    history.append_lines(seen.lines)
    if seen.lost:
        history.append(ObservationsLost(RealClock().monotonic(), seen.lost))
    history.flush()


def run_folder_for(testbed: Testbed, runs: Path, *, command: tuple[str, ...] = ()) -> RunFolder:
    """A new folder below `runs`, with its run.json."""
    started_at = time.time()
    folder = RunFolder.create(runs, started_at=started_at)
    folder.describe(
        RunDescription(
            version=__version__,
            started_at=started_at,
            backend=testbed.backend.name,
            stack=testbed.stack.name,
            command=command,
        )
    )
    return folder


def _standing(crowd: Crowd, actions: Sequence[Action], clock: Clock) -> Callable[[], Standing]:
    """How far the scenario is, for the progress display."""
    started_at, length = clock.monotonic(), max((action.at for action in actions), default=0.0)
    events = [action.at for action in actions if isinstance(action, PublishEvent)]

    def standing() -> Standing:
        elapsed = clock.monotonic() - started_at
        published = bisect_right(events, elapsed)
        done = min(1.0, elapsed / length) if length else 0.0
        return Standing(crowd.progress.connected, published, crowd.progress.frames, done)

    return standing
