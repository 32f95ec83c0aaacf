"""The pytest plugin: scenario files are tests, and fixtures give a running stack to tests written in Python.

`pytest scenarios/` runs every YAML file that begins a scenario; each fails with its checks' findings. Options:
`--harness-stack FILE` (default: stack.yaml beside the test's root) and `--harness-runs DIR`. One emulator serves a
whole session; under pytest-xdist each worker has its own, on a free port, with its own run folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.checks.verdict import ScenarioResult
    from harness.live import LiveClient, LiveStack
    from harness.record.store import RunFolder

_BEGINS_SCENARIO = re.compile(r"^scenario\s*:", re.MULTILINE)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("harness", "fanout-harness")
    group.addoption("--harness-stack", metavar="FILE", help="the stack to deploy [stack.yaml in the root folder]")
    group.addoption("--harness-runs", metavar="DIR", help="where runs are kept [runs/ in the root folder]")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A YAML file is a scenario when it has a top-level `scenario:` key."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    if not _BEGINS_SCENARIO.search(file_path.read_text(encoding="utf-8", errors="replace")):
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


class ScenarioFile(pytest.File):
    """A scenario file, collected as one test."""

    def collect(self) -> Iterator[pytest.Item]:
        yield ScenarioItem.from_parent(self, name=self.path.stem)


class ScenarioFailed(Exception):  # noqa: N818 - what a person reads is its text
    """A scenario whose verdict is not PASS."""

    def __init__(self, result: ScenarioResult) -> None:
        super().__init__(result.scenario)
        self.result = result


class ScenarioItem(pytest.Item):
    """One scenario, played on the session's emulator."""

    def runtest(self) -> None:
        from harness.checks.verdict import Verdict

        result = _running(self.config).play(self.path)
        if result.verdict is not Verdict.PASS:
            raise ScenarioFailed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        from harness.errors import HarnessError

        match excinfo.value:
            case ScenarioFailed(result=result):
                return _as_text(result)
            case HarnessError() as error:
                return str(error)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"scenario: {self.name}"


class _Running:
    """The session's stack, started by whoever needs it first, and the folder its scenarios are kept in."""

    def __init__(self, config: pytest.Config) -> None:
        from harness.live import live_stack

        self._until_the_end = ExitStack()
        self._runs = Path(config.getoption("--harness-runs") or config.rootpath / "runs")
        self.stack = self._until_the_end.enter_context(live_stack(_stack_file(config)))
        self._run_folder: RunFolder | None = None

    def play(self, path: Path) -> ScenarioResult:
        if self._run_folder is None:
            self._run_folder = self.stack.new_run_folder(self._runs)
        return self.stack.play(path, self._run_folder)

    def close(self) -> None:
        self._until_the_end.close()


_RUNNING = pytest.StashKey[_Running]()


def _running(config: pytest.Config) -> _Running:
    if _RUNNING not in config.stash:
        config.stash[_RUNNING] = _Running(config)
    return config.stash[_RUNNING]


def _stack_file(config: pytest.Config) -> Path:
    return Path(config.getoption("--harness-stack") or config.rootpath / "stack.yaml")


def _as_text(result: ScenarioResult) -> str:
    from rich.console import Console

    from harness.reports.terminal import scenario_block

    text = StringIO()
    Console(file=text, width=100, highlight=False).print(scenario_block(result))
    return text.getvalue()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _RUNNING in config.stash:
        config.stash[_RUNNING].close()


@pytest.fixture(scope="session")
def harness_stack(request: pytest.FixtureRequest) -> LiveStack:
    """A running stack: connect clients to it, publish events, look into its tables."""
    return _running(request.config).stack


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
