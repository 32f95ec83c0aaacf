"""READ FIRST: one run, top to bottom.

A run deploys the stack to a backend and plays one scenario after the other: simulated clients connect and
subscribe, matcher events are published, and everything seen is appended to a history on disk. Only then do the
checks judge, from the history alone; the same history can be judged again later (`harness check`).

    run -> open_testbed                 the stack is up, on this machine or elsewhere; what is made for it ends here
        -> record -> play_scenario      one scenario; its clients, its events, its timeline
        -> judged                       the checks, over what `record` left on disk
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeAlias

from harness.backends.aws.choice import AwsChoice
from harness.backends.aws.cost import affordable
from harness.backends.choice import EMBEDDED, BackendChoice
from harness.checks.judge import CHECKS, Check, judge
from harness.checks.verdict import CheckResult, ScenarioResult
from harness.clients.crowd import Crowd
from harness.clients.load import load
from harness.clients.play import play
from harness.clients.publisher import Publisher, threads_for
from harness.clients.schedule import PublishEvent, schedule
from harness.clock import RealClock
from harness.debugging import AskedToDebug, debugging_of, patient_scenario, patient_stack
from harness.emulator.lambda_runtime.debugging import Debugging
from harness.errors import HarnessError, Mistakes, one_error
from harness.event_loop import settle_memory
from harness.outside.seen_outside import SeenOutside
from harness.progress import Progress, Silent, Tally
from harness.record.history import History
from harness.record.observation import (
    InsideHidden,
    NotPlayed,
    ObservationsLost,
    RecordingBegan,
    RecordingEnded,
    RowsFound,
)
from harness.record.store import HistoryWriter, RunFolder, ScenarioFolder
from harness.reports.stopped import read_stopped
from harness.run_reports import RunResult, UnderWay, keep_reports
from harness.scenario.loader import find_scenarios, from_json, load_scenario, read_events, to_json
from harness.scenario.model import Scenario
from harness.stack.loader import load_stack, placed_in
from harness.stack.model import Stack
from harness.testbed import Outside, Testbed, open_testbed

RECORD_INTERVAL = 0.25

_Scenarios: TypeAlias = Sequence[tuple[Path, Scenario]]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What to run: the stack, the scenarios (files or folders), the folder that keeps the runs, and where.

    An UNKNOWN of a check whose name is `accepted` lets the run pass all the same. A stack that is a template has
    `parameters`, and `notice` is told what of it is left out. With `debug` a function stops at its breakpoints, and
    every time-out waits. `junit` is a second file for the JUnit XML.
    """

    stack: Path = Path("stack.yaml")
    scenarios: tuple[Path, ...] = (Path("scenarios"),)
    runs: Path = Path("runs")
    command: tuple[str, ...] = ()
    backend: BackendChoice = EMBEDDED
    accepted: frozenset[str] = frozenset()
    parameters: Mapping[str, str] = field(default_factory=dict)
    notice: Callable[[str], None] = lambda text: None
    debug: AskedToDebug | None = None
    junit: Path | None = None


async def run(
    options: RunOptions,
    progress: Progress | None = None,
    *,
    tell: Callable[[RunResult], object] = lambda result: None,
) -> RunResult:
    """Plays the scenarios on the chosen backend and judges each as soon as it has ended.

    Whatever ends the run, the reports hold what was judged before: they are written after each scenario, and when
    the run does not start. `tell` hears the whole before anything is closed, because closing may hang, or be killed;
    of a run that is stopped it hears what there is.

    Raises UsageError for mistakes in the files, before anything starts; DeploymentFailed when handlers cannot
    start; BackendError when the harness or the backend breaks. Whatever happens, the histories so far stay on disk,
    and what was started or made for the run ends with it.
    """
    backend, stack = str(options.backend.kind), str(options.stack)
    under_way = UnderWay(options.runs, command=options.command, backend=backend, stack=stack)
    try:
        with placed_in(options.stack, parameters=options.parameters):
            await _play_all(options, progress or Silent(), under_way, tell)
    except (HarnessError, asyncio.CancelledError) as error:
        if not under_way.is_over:
            stopped = under_way.stopped_by(error)
            keep_reports(stopped, junit=options.junit)
            tell(stopped)
        raise
    return under_way.result()


async def _play_all(
    options: RunOptions, progress: Progress, under_way: UnderWay, tell: Callable[[RunResult], object]
) -> None:
    stack, scenarios, debugging = _read(options)
    if options.backend.aws is not None:
        progress.tell(_affordable(stack, scenarios, options.backend.aws))
    async with AsyncExitStack() as until_the_end:
        with progress.doing("starting AWS and deploying the stack"):
            testbed = await until_the_end.enter_async_context(open_testbed(stack, options.backend, debugging))
        run_folder = under_way.begin(testbed, asked=len(scenarios))
        keep_reports(under_way.result(), junit=options.junit)
        settle_memory()
        for path, scenario in scenarios:
            recorded = await record(testbed, path, scenario, run_folder, progress)
            under_way.results.append(judged(recorded, accepted=options.accepted))
            keep_reports(under_way.result(), junit=options.junit)
            progress.judged(under_way.results[-1], run=str(run_folder.path))
        tell(under_way.result())


async def record(
    testbed: Testbed, path: Path, scenario: Scenario, run_folder: RunFolder, progress: Progress
) -> ScenarioFolder:
    """Plays one scenario; its folder holds everything that was seen, however the playing ends.

    One that sets what the backend does not have is not played, and its history says why.
    """
    folder = run_folder.add_scenario(path.stem)
    folder.write_scenario(to_json(scenario))
    with one_error(), folder.open_history() as history:
        _mention(folder, run_folder)
        if reason := testbed.lacking(scenario):
            history.append(NotPlayed(RealClock().monotonic(), reason))
        else:
            async with _recording_the_inside(testbed, history):
                opened = await play_scenario(testbed, scenario, history, progress)
    if not reason:
        await _tidy_up(testbed, scenario, opened, progress)
    return run_folder.seal(folder, history.seal())


async def play_scenario(
    testbed: Testbed, scenario: Scenario, history: HistoryWriter, progress: Progress
) -> int:
    """Clients, publisher and timeline; returns when everything in flight has arrived and everybody has left.

    Answers how many connections were opened, as far as that is counted: where the backend hides its inside.
    """
    clock, seen = RealClock(), SeenOutside(scenario, history.append)
    note = seen.note if testbed.backend.traits.hidden else history.append
    actions = schedule(scenario, files=read_events, chances=Random)
    tally = Tally(clock, length=actions[-1].at if actions else 0.0, note=note)
    await testbed.configure(scenario)
    if testbed.rows is not None:
        await asyncio.to_thread(testbed.rows.begin)
    async with (
        Crowd(
            scenario,
            testbed.deployment.url,
            clock=clock,
            note=note,
            open_timeout=testbed.open_timeout,
            connects_per_second=testbed.backend.traits.connects_per_second,
        ) as crowd,
        Publisher(
            topic_arn=testbed.topic_arn,
            sns_client_factory=testbed.sns_client,
            feed=scenario.feed,
            clock=clock,
            note=tally.note,
            threads=threads_for([action.at for action in actions if isinstance(action, PublishEvent)]),
        ) as publisher,
    ):
        with progress.playing(scenario.scenario, lambda: tally.standing(crowd.progress)):
            await play(
                scenario,
                actions,
                crowd=crowd,
                publisher=publisher,
                quiet=lambda timeout: testbed.quiet(timeout, Outside(seen.messages, seen.complete)),
                clock=clock,
                note=tally.note,
            )
        await _look_once_more(testbed, scenario, crowd)
        if testbed.rows is not None:
            rows = await asyncio.to_thread(testbed.rows.connections)
            history.append(RowsFound(clock.monotonic(), rows))
    return seen.opened()


def judged(folder: ScenarioFolder, *, accepted: frozenset[str] = frozenset()) -> ScenarioResult:
    """What the checks of today say of a history, from what is on disk alone, and how long each took to say it."""
    seconds: dict[str, float] = {}

    def timed(name: str, check: Check) -> Check:
        def timed_check(scenario: Scenario, history: History) -> CheckResult | None:
            began_at = time.perf_counter()
            try:
                return check(scenario, history)
            finally:
                seconds[name] = time.perf_counter() - began_at

        return timed_check

    checks = {name: timed(name, check) for name, check in CHECKS.items()}
    scenario = from_json(folder.read_scenario())
    result = judge(scenario, folder.read_history(), name=folder.name, checks=checks)
    results = (replace(one, seconds=seconds.get(one.check, 0.0)) for one in result.results)
    return replace(result, results=tuple(results)).accepting(accepted)


def judge_again(run_folder: Path, *, accepted: frozenset[str] = frozenset()) -> RunResult:
    """The verdicts of an old run's histories; UsageError when the folder is not a run's."""
    folder = RunFolder.open(run_folder)
    description = folder.description()
    results = tuple(judged(one, accepted=accepted) for one in folder.scenarios())
    stopped = read_stopped(description.stopped)
    complete = stopped is None and len(results) >= description.asked
    return RunResult(folder, results, sum(one.seconds for one in results), complete, stopped)


# --- what is asked for ------------------------------------------------------------------------------------


def _read(options: RunOptions) -> tuple[Stack, _Scenarios, Debugging | None]:
    """What the options name, from its files; UsageError tells the mistakes of all files at once.

    With a debugger everybody in it is patient.
    """
    mistakes = Mistakes()
    stack = mistakes.noted(load_stack, options.stack, parameters=options.parameters, notice=options.notice)
    feed, rows = (None, None) if stack is None else (stack.feed, stack.connection_rows())
    lacks = {} if stack is None else stack.lacks()
    paths = [path for given in options.scenarios for path in mistakes.noted(find_scenarios, given) or ()]
    reading = partial(load_scenario, feed=feed, rows=rows, lacks=lacks, shape_only=stack is None)
    read = [(path, mistakes.noted(reading, path)) for path in paths]
    mistakes.refuse()
    assert stack is not None  # else there was a mistake, as for each scenario
    scenarios = [(path, scenario) for path, scenario in read if scenario is not None]
    debugging = debugging_of(options.debug, stack)
    if debugging is None:
        return stack, scenarios, None
    return patient_stack(stack), [(path, patient_scenario(one)) for path, one in scenarios], debugging


def _affordable(stack: Stack, scenarios: _Scenarios, aws: AwsChoice) -> str:
    """What the run may cost on AWS, told before it begins; UsageError when that is over a cap."""
    loads = [load(one, schedule(one, files=read_events, chances=Random)) for _, one in scenarios]
    return affordable(loads, stack, aws)


def _mention(folder: ScenarioFolder, run_folder: RunFolder) -> None:
    """From now on run.json names the scenario, and an interrupted run can be judged up to it."""
    description = run_folder.description()
    run_folder.describe(replace(description, scenarios=(*description.scenarios, folder.name)))


# --- around the playing -----------------------------------------------------------------------------------


@asynccontextmanager
async def _recording_the_inside(testbed: Testbed, history: HistoryWriter) -> AsyncIterator[None]:
    """Keeps the history on disk up to date, with what the backend saw of its inside.

    Its end is in it only when nothing has gone wrong until then.
    """
    before = await testbed.backend.seen()  # what happened before this scenario is not its own
    first = history.next_number + 1
    now = RealClock().monotonic()
    history.append(RecordingBegan(now, clients=first, inside=before.next_number, epoch=time.time()))
    if hidden := testbed.backend.traits.hidden:
        history.append(InsideHidden(RealClock().monotonic(), hidden))

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
    inside = await _record_the_inside(testbed, history)
    last = history.next_number + 1
    history.append(RecordingEnded(RealClock().monotonic(), clients=last, inside=inside))


async def _record_the_inside(testbed: Testbed, history: HistoryWriter) -> int:
    """Gives the number of what the backend sees next."""
    seen = await testbed.backend.seen()
    history.append_lines(seen.lines)
    if seen.lost:
        history.append(ObservationsLost(RealClock().monotonic(), seen.lost))
    history.flush()
    return seen.next_number


async def _look_once_more(testbed: Testbed, scenario: Scenario, crowd: Crowd) -> None:
    """After everything has settled: what functions left running ends, and what it sent before has arrived."""
    await testbed.backend.end_left_over()
    await crowd.roundtrip(scenario.settle)


async def _tidy_up(testbed: Testbed, scenario: Scenario, opened: int, progress: Progress) -> None:
    """The next scenario meets nothing of this one: no connections, settings or retries. No part of the history.

    `opened` is how many connections this one opened.
    """
    await testbed.quiet(scenario.settle)
    if given_up := await testbed.backend.forget_retries():
        progress.tell(f"retries that were still due were given up: {', '.join(given_up)}")
    await testbed.configure()
    if testbed.rows is not None:
        await asyncio.to_thread(testbed.rows.clear, opened)
