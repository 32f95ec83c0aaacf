"""Playing mutants: one backend on one emulator, one mutant after the other, each judged by a history of its own."""

import asyncio
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.checks.verdict import ScenarioResult, Verdict
from harness.errors import UsageError
from harness.event_loop import run as run_event_loop
from harness.progress import Silent
from harness.record.store import RunFolder
from harness.run import judged, record
from harness.run_reports import new_run_folder
from harness.scenario.loader import load_scenario
from harness.stack.loader import load_stack
from harness.testbed import Testbed, open_testbed

HERE = Path(__file__).resolve().parent
BATCHED = ("burst",)
"""Stimuli whose events a queue hands over ten at a time; those of the others come alone, on a busy machine too."""


class Played(Protocol):
    """What is played: a change of a backend's function, under a stimulus."""

    @property
    def name(self) -> str: ...
    @property
    def change(self) -> str: ...
    @property
    def function(self) -> str: ...
    @property
    def stimulus(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Told:
    """What a user is told: the checks that failed, those that cannot tell, and the findings in order.

    `broken` says instead why it could not be played.
    """

    failed: tuple[str, ...]
    unknown: tuple[str, ...]
    causes: tuple[str, ...]
    broken: str = ""

    @property
    def first(self) -> str:
        return self.causes[0] if self.causes else ""


def play(backend: str, mutants: Iterable[Played], folder: Path) -> Mapping[str, Told]:
    """What the judge says of each, by its name; an error of the play itself is raised."""
    return run_event_loop(_play(backend, tuple(mutants), folder))


async def _play(backend: str, mutants: tuple[Played, ...], folder: Path) -> Mapping[str, Told]:
    stack = load_stack(_deployable(backend, folder))
    async with open_testbed(stack) as testbed:
        await asyncio.to_thread(_try_once, testbed)
        runs = new_run_folder(testbed, folder / "runs")
        return {one.name: await _played(testbed, one, runs) for one in mutants}


def _try_once(testbed: Testbed) -> None:
    """What failed is not tried again a minute later, when another mutant is played."""
    functions: Any = testbed.backend.client("lambda")
    name = testbed.stack.function_name("fan_out")
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)


def _deployable(backend: str, folder: Path) -> Path:
    """A folder as a user has it, with what mutates it beside the handlers; the path of its stack.yaml."""
    code = folder / backend
    shutil.copytree(HERE / "backends" / backend, code, ignore=shutil.ignore_patterns("__pycache__"))
    for beside in ("mutated.py", "faults.py", "variants.py"):
        shutil.copy(HERE / beside, code)
    return code / "stack.yaml"


async def _played(testbed: Testbed, mutant: Played, runs: RunFolder) -> Told:
    path = HERE / "scenarios" / f"{mutant.stimulus}.yaml"
    try:
        scenario = load_scenario(path, feed=testbed.stack.feed, rows=testbed.stack.connection_rows())
    except UsageError as error:
        return Told((), (), (), broken=str(error))
    batched = mutant.stimulus in BATCHED
    if batched:
        await asyncio.to_thread(_hand_over, testbed, at_once=10)
    await _change(testbed, mutant.function, mutant.change)
    try:
        return told(judged(await record(testbed, path, scenario, runs, Silent())))
    finally:
        await _change(testbed, mutant.function, "")
        if batched:
            await asyncio.to_thread(_hand_over, testbed, at_once=1)


def _hand_over(testbed: Testbed, *, at_once: int) -> None:
    """From now on an invocation is handed so many messages of the backend's queue, if it has one."""
    functions: Any = testbed.backend.client("lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], BatchSize=at_once)


async def _change(testbed: Testbed, function: str, change: str) -> None:
    """From now on new environments of the function have the change; one has started already."""
    name = testbed.stack.function_name(function)
    await asyncio.to_thread(_configure, testbed.backend.client("lambda"), name, function, change)
    if change:
        await testbed.backend.prewarm(name, 1)


def _configure(functions: Any, name: str, function: str, change: str) -> None:
    there = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=name,
        Handler=f"mutated.{function}" if change else f"app.{function}",
        Environment={"Variables": {**there, "MUTANT": change}},
    )


def told(result: ScenarioResult) -> Told:
    red = [one for one in result.results if one.verdict is not Verdict.PASS]
    red.sort(key=lambda one: one.verdict is not Verdict.FAIL)
    return Told(
        failed=tuple(one.check for one in red if one.verdict is Verdict.FAIL),
        unknown=tuple(one.check for one in red if one.verdict is Verdict.UNKNOWN),
        causes=tuple(finding.what for finding in result.causes),
    )
