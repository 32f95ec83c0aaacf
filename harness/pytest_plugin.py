"""The pytest plugin: scenario files are tests, and fixtures give a running stack to tests written in Python.

`pytest scenarios/` plays every YAML file whose `scenario:` states a claim; a scenario that does not pass fails with
its checks' findings. `--harness-stack FILE` (ini: `harness_stack`) names the stack, `--harness-runs DIR` (ini:
`harness_runs`) the folder that keeps the histories; without them stack.yaml and runs/ in the root folder. A stack
that is a template takes `--harness-parameter KEY=VALUE` (ini: `harness_parameters`, a line each). One emulator serves
a whole session; under pytest-xdist each worker has its own, with its own run folder.
`--harness-backend KIND` and what goes with it say where else the stack shall run, as the options of `harness run` do.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.backends.choice import BackendChoice
    from harness.checks.verdict import ScenarioResult
    from harness.live import LiveClient, LiveStack
    from harness.record.store import RunFolder
    from harness.stack.model import Stack

# Other tools have a `scenario:` in their YAML files too, with a mapping under it; ours states a claim.
_STATES_CLAIM = re.compile(r"^scenario[ \t]*:[ \t]+[^\s#{\[]", re.MULTILINE)
_BEGINNING = 65_536


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("harness", "fanout-harness")
    group.addoption(
        "--harness-stack", metavar="FILE", help="the stack to deploy [stack.yaml in the root folder]"
    )
    group.addoption("--harness-runs", metavar="DIR", help="where runs are kept [runs/ in the root folder]")
    group.addoption(
        "--harness-parameter",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="the value of a parameter of a stack that is a template",
    )
    parser.addini(
        "harness_parameters", "KEY=VALUE, a line each, for a stack that is a template", type="linelist"
    )
    group.addoption("--harness-backend", metavar="KIND", help="where the stack runs, as for `harness run`")
    group.addoption("--harness-endpoint-url", metavar="URL", help="of the backends localstack and endpoint")
    group.addoption("--harness-hybrid", action="store_true", help="API and functions here in any case")
    group.addoption("--harness-callback-host", metavar="HOST", help="how an endpoint reaches functions here")
    group.addoption(
        "--harness-accept-unknown", metavar="CHECK", action="append", help="an UNKNOWN of it does not fail"
    )
    parser.addini("harness_stack", "the stack to deploy, from the root folder", default="stack.yaml")
    parser.addini("harness_runs", "where runs are kept, from the root folder", default="runs")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A YAML file is a scenario when it has a top-level `scenario:` with a text."""
    if file_path.suffix not in (".yaml", ".yml") or not _STATES_CLAIM.search(_beginning(file_path)):
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


def _beginning(file: Path) -> str:
    """What a file begins with; empty when it cannot be read, for most YAML files are not our concern."""
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            return opened.read(_BEGINNING)
    except OSError:
        return ""


class ScenarioFile(pytest.File):
    """A scenario file, collected as one test."""

    def collect(self) -> Iterator[pytest.Item]:
        yield ScenarioItem.from_parent(self, name=self.path.stem)


class ScenarioFailed(Exception):
    """A scenario whose verdict is not PASS; `kept` is the folder of the run."""

    def __init__(self, result: ScenarioResult, kept: Path) -> None:
        super().__init__(result.scenario)
        self.result, self.kept = result, kept


class ScenarioItem(pytest.Item):
    """One scenario, played on the session's emulator."""

    def runtest(self) -> None:
        from harness.checks.verdict import Verdict

        running = _running(self.config)
        result = running.play(self.path)
        if result.gate is not Verdict.PASS:
            raise ScenarioFailed(result, running.run_folder.path)
        if result.verdict is not Verdict.PASS:
            self._tell(result)

    def _tell(self, result: ScenarioResult) -> None:
        """An UNKNOWN that was accepted is no silent pass."""
        from harness.reports.plain import plain

        for check in result.results:
            if check.accepted:
                self.add_report_section("call", "accepted", plain(f"UNKNOWN: {check.check}: {check.summary}"))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        from harness.errors import HarnessError
        from harness.reports.plain import plain

        match excinfo.value:
            case ScenarioFailed() as failed:
                again = f"judge it again: harness check {failed.kept}"
                return f"{_as_text(failed.result, str(failed.kept))}\n{again}"
            case HarnessError() as error:
                return plain(str(error))
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"scenario: {self.name}"


def _as_text(result: ScenarioResult, run: str) -> str:
    """The result in whole lines: pytest's output is read by programs too."""
    from rich.console import Console

    from harness.reports.terminal import scenario_block

    text = StringIO()
    Console(file=text, highlight=False).print(scenario_block(result, run=run), soft_wrap=True)
    return text.getvalue().rstrip("\n")


# --- the session's stack ----------------------------------------------------------------------------------


class _Running:
    """The session's stack, started by whoever needs it first, and the folder its scenarios are kept in."""

    def __init__(self, stack: Stack, runs: Path, backend: BackendChoice, accepted: frozenset[str]) -> None:
        from harness.live import live_stack

        self._until_the_end = ExitStack()
        self._runs, self._accepted, self._started_at = runs, accepted, time.monotonic()
        self.stack = self._until_the_end.enter_context(live_stack(stack, backend=backend))
        self._results: list[ScenarioResult] = []
        self._run_folder: RunFolder | None = None

    @property
    def run_folder(self) -> RunFolder:
        """Made when the first scenario is played."""
        if self._run_folder is None:
            self._run_folder = self.stack.new_run_folder(self._runs)
        return self._run_folder

    def play(self, path: Path) -> ScenarioResult:
        self._results.append(self.stack.play(path, self.run_folder, accepted=self._accepted))
        self.keep_reports(complete=False)
        return self._results[-1]

    def keep_reports(self, *, complete: bool) -> None:
        """Writes the reports of what was judged so far; a worker may be killed at any time after that."""
        from harness.run_reports import RunResult, keep_reports

        if self._run_folder is not None:
            seconds = time.monotonic() - self._started_at
            keep_reports(RunResult(self._run_folder, tuple(self._results), seconds, complete))

    def close(self) -> None:
        self._until_the_end.close()


_RUNNING = pytest.StashKey["_Running | Exception"]()


def _running(config: pytest.Config) -> _Running:
    """What runs already, else started now; one that could not start is not tried again for every test."""
    from harness.errors import HarnessError
    from harness.stack.loader import placed_in

    if _RUNNING not in config.stash:
        try:
            with placed_in(_stack_file(config), parameters=_parameters(config)):
                config.stash[_RUNNING] = _Running(
                    _stack(config), _runs(config), _backend(config), _accepted(config)
                )
        except HarnessError as error:
            config.stash[_RUNNING] = error
    found = config.stash[_RUNNING]
    if isinstance(found, Exception):
        raise found
    return found


_NOTICES = pytest.StashKey[list[str]]()


def _stack(config: pytest.Config) -> Stack:
    from harness.stack.loader import load_stack

    notices = config.stash.setdefault(_NOTICES, [])
    return load_stack(_stack_file(config), parameters=_parameters(config), notice=notices.append)


def _parameters(config: pytest.Config) -> dict[str, str]:
    from harness.stack.loader import parameters_of

    return parameters_of([*config.getini("harness_parameters"), *config.getoption("--harness-parameter")])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What of a template was left out."""
    notices = config.stash.get(_NOTICES, [])
    if notices:
        from harness.reports.plain import plain

        for notice in notices:
            terminalreporter.write_line(plain(f"harness: {notice}"))


def _stack_file(config: pytest.Config) -> Path:
    from harness.errors import UsageError

    file = Path(config.getoption("--harness-stack") or config.rootpath / config.getini("harness_stack"))
    if not file.is_file():
        raise UsageError(f"{file} is not there: name the stack to deploy with --harness-stack FILE")
    return file


def _runs(config: pytest.Config) -> Path:
    return Path(config.getoption("--harness-runs") or config.rootpath / config.getini("harness_runs"))


def _backend(config: pytest.Config) -> BackendChoice:
    from harness.backends.choice import choose

    return choose(
        os.environ,
        backend=config.getoption("--harness-backend"),
        endpoint_url=config.getoption("--harness-endpoint-url"),
        hybrid=config.getoption("--harness-hybrid"),
        callback_host=config.getoption("--harness-callback-host"),
    )


def _accepted(config: pytest.Config) -> frozenset[str]:
    from harness.checks.judge import accepted_checks

    return accepted_checks(config.getoption("--harness-accept-unknown") or ())


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """The reports come first. A worker of pytest-xdist closes here: once it has said it is done, it may be killed."""
    running = session.config.stash.get(_RUNNING, None)
    if isinstance(running, _Running):
        running.keep_reports(complete=exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED))
        if hasattr(session.config, "workerinput"):
            running.close()


def pytest_unconfigure(config: pytest.Config) -> None:
    running = config.stash.get(_RUNNING, None)
    if isinstance(running, _Running):
        running.close()


# --- fixtures ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def harness_stack(request: pytest.FixtureRequest) -> LiveStack:
    """A running stack: connect clients to it, publish events, look into its tables."""
    from harness.errors import HarnessError

    try:
        return _running(request.config).stack
    except HarnessError as error:
        from harness.reports.plain import plain

        pytest.fail(plain(str(error)), pytrace=False)


@pytest.fixture
def harness_connect(harness_stack: LiveStack) -> Iterator[Callable[..., LiveClient]]:
    """Connects clients that leave at the end of the test: `alice = harness_connect("alice", query={...})`."""
    with ExitStack() as at_the_end:

        def connect(name: str = "client", **options: dict[str, str]) -> LiveClient:
            client = harness_stack.connect(name, **options)
            at_the_end.callback(client.leave)
            return client

        yield connect
    harness_stack.settle()


@pytest.fixture
def harness_publish(harness_stack: LiveStack) -> Callable[[dict[str, object]], str]:
    """Publishes a matcher event to the topic and returns its id."""
    return harness_stack.publish
