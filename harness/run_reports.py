"""Reports of a run: summary.json, junit.xml and run.json, in its folder however it ends, or does not start."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from harness import __version__
from harness.checks.verdict import ScenarioResult
from harness.clock import RealClock
from harness.errors import UsageError
from harness.record.store import RunDescription, RunFolder
from harness.reports.junit import junit as as_xml
from harness.reports.stopped import Stopped, stopped_by
from harness.reports.summary import summary
from harness.testbed import Testbed


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run, and the folder that holds its histories; more is to come while it is not `complete`.

    What was `stopped` before its end never is.
    """

    folder: RunFolder
    results: tuple[ScenarioResult, ...]
    seconds: float
    complete: bool = True
    stopped: Stopped | None = None


class UnderWay:
    """What came of a run so far. Its folder is made when the testbed is there, or when the run stops before."""

    def __init__(self, runs: Path, *, command: Sequence[str], backend: str, stack: str) -> None:
        """`backend` and `stack` are what run.json says where no testbed can tell it better."""
        self._runs = runs
        self._began_at = time.monotonic()
        self._described = _description(command=command, backend=backend, stack=stack)
        self._folder: RunFolder | None = None
        self.results: list[ScenarioResult] = []

    @property
    def is_over(self) -> bool:
        """Whether everything that was asked for is judged."""
        return self._folder is not None and len(self.results) == self._described.asked

    def begin(self, testbed: Testbed, *, asked: int) -> RunFolder:
        """The folder of a run of so many scenarios, which is about to play the first."""
        self._described = replace(_of_testbed(self._described, testbed), asked=asked)
        return self._made()

    def result(self, stopped: Stopped | None = None) -> RunResult:
        """All that was judged so far."""
        complete = stopped is None and self.is_over
        seconds = time.monotonic() - self._began_at
        return RunResult(self._made(), tuple(self.results), seconds, complete, stopped)

    def stopped_by(self, error: BaseException) -> RunResult:
        """The same, with why there is no more; run.json says so too."""
        stopped = stopped_by(error, started=self._folder is not None)
        folder = self._made()
        folder.describe(replace(folder.description(), stopped=stopped.written()))
        return self.result(stopped)

    def _made(self) -> RunFolder:
        if self._folder is None:
            self._folder = _new_folder(self._runs, self._described)
        return self._folder


def new_run_folder(testbed: Testbed, runs: Path, *, command: Sequence[str] = ()) -> RunFolder:
    """A new folder below `runs`, with its run.json."""
    described = _description(command=command, backend=testbed.backend.name, stack=testbed.stack.name)
    return _new_folder(runs, _of_testbed(described, testbed))


def keep_reports(result: RunResult, *, junit: Path | None = None) -> None:
    """Writes summary.json and junit.xml into the run's folder, over earlier ones, and the latter to `junit` too.

    UsageError when that file cannot be written.
    """
    as_junit = junit_of(result)
    result.folder.write_report("summary.json", summary_of(result))
    result.folder.write_report("junit.xml", as_junit)
    if junit is None:
        return
    try:
        junit.write_bytes(as_junit)
    except OSError as error:
        raise UsageError(f"--junit {junit}: cannot be written: {error.strerror}") from error


def summary_of(result: RunResult) -> bytes:
    """The run as summary.json."""
    described: Mapping[str, object] = asdict(result.folder.description())
    return summary(result.results, run=described, complete=result.complete, stopped=result.stopped)


def junit_of(result: RunResult) -> bytes:
    """The run as JUnit XML."""
    described = result.folder.description()
    ended = {} if result.complete else {"complete": "no"}
    begins_at = described.started_at - (described.clock_at or 0.0)
    return as_xml(
        result.results,
        properties={"backend": described.backend, **described.parts, **ended},
        stopped=result.stopped,
        started_at=described.started_at,
        clock_began_at=None if described.clock_at is None else begins_at,
        stopped_after=max(0.0, result.seconds - sum(one.seconds for one in result.results)),
    )


def _description(*, command: Sequence[str], backend: str, stack: str) -> RunDescription:
    return RunDescription(
        version=__version__,
        started_at=time.time(),
        backend=backend,
        stack=stack,
        command=tuple(command),
        clock_at=RealClock().monotonic(),
    )


def _of_testbed(described: RunDescription, testbed: Testbed) -> RunDescription:
    return replace(described, backend=testbed.backend.name, parts=testbed.parts, stack=testbed.stack.name)


def _new_folder(runs: Path, described: RunDescription) -> RunFolder:
    folder = RunFolder.create(runs, started_at=described.started_at)
    folder.describe(described)
    return folder
