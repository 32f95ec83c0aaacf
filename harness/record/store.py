"""Run folders: where a run is kept on disk, one folder per run, in it one folder per scenario with its history.

    runs/20261122T095501Z-a1b2c3/run.json
    runs/20261122T095501Z-a1b2c3/<scenario>/scenario.json
    runs/20261122T095501Z-a1b2c3/<scenario>/history.jsonl
    runs/latest -> 20261122T095501Z-a1b2c3

A history only grows, so whatever kills the runner costs at most the end of its last line; at its end it is sealed in
run.json. All other files appear whole or not at all.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import orjson

from harness.errors import BackendError, UsageError
from harness.record.history import History
from harness.record.lines import VERSION, LineWriter, header
from harness.record.observation import Observation
from harness.record.stored import Seal, Sealing, StoredHistory

_FLUSH_BYTES = 4 * 1024 * 1024
_SLUG_LENGTH = 80


class HistoryWriter:
    """Appends observations to a new history file, and numbers those of the clients' side.

    What was appended is safe from a crash of this process once `flush` has returned; `close` flushes.
    BackendError when the file cannot be written, UsageError when it is there already.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.next_number = 0
        self._lines, self._sealing = LineWriter(), Sealing()
        self._waiting = bytearray(header())
        with _translated(path):
            self._file = path.open("xb")
        self.flush()

    def append(self, observation: Observation) -> None:
        """Takes the observation; it reaches the file with the next flush."""
        self._waiting += self._lines.line(observation, self.next_number)
        self.next_number += 1
        if len(self._waiting) >= _FLUSH_BYTES:
            self.flush()

    def append_all(self, observations: Iterable[Observation]) -> None:
        """Takes the observations in their order."""
        for observation in observations:
            self.append(observation)

    def append_lines(self, lines: bytes) -> None:
        """Takes what the emulator saw as its lines, numbers and all."""
        self._waiting += lines

    def flush(self) -> None:
        """Hands everything appended so far to the operating system."""
        with _translated(self.path):
            self._file.write(self._waiting)
            self._file.flush()
        self._sealing.add(self._waiting)
        self._waiting.clear()

    def seal(self) -> Seal:
        """What the history is, once it is closed."""
        return self._sealing.seal()

    def close(self) -> None:
        """Flushes and closes the file; closing twice is fine."""
        if self._file.closed:
            return
        try:
            self.flush()
        finally:
            self._file.close()

    def __enter__(self) -> "HistoryWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class RunDescription:
    """What `run.json` says of a run. `scenarios` are their folders' names in the order they were played.

    `started_at` is seconds since the epoch; `version` is the harness's, `history` that of the histories' lines;
    `command` is the command line. `parts` says where each part of AWS was; runs of before it was kept have none.
    Of the `asked` scenarios a run that was `stopped` has not played all, and says why. `clock_at` is what the
    histories' clock showed at `started_at`. `seals` holds, by scenario, what its history was when it had been
    recorded to its end.
    """

    version: str
    started_at: float
    backend: str
    stack: str
    scenarios: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
    asked: int = 0
    stopped: Mapping[str, object] = field(default_factory=dict)
    clock_at: float | None = None
    history: int = VERSION
    seals: Mapping[str, Seal] = field(default_factory=dict)


_OF_OLDER_RUNS = {"parts": {}, "asked": 0, "stopped": {}, "clock_at": None, "history": 1, "seals": {}}
"""What run.json does not say where an earlier version wrote it."""


@dataclass(frozen=True, slots=True)
class ScenarioFolder:
    """The files of one scenario of a run; `seal` is what its history was when it had been recorded to its end."""

    path: Path
    seal: Seal | None = None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def history_path(self) -> Path:
        return self.path / "history.jsonl"

    @property
    def scenario_path(self) -> Path:
        return self.path / "scenario.json"

    def write_scenario(self, scenario: bytes) -> None:
        """Keeps the resolved scenario (JSON), so that the history can be judged again without its YAML file."""
        _write_whole(self.scenario_path, scenario)

    def read_scenario(self) -> bytes:
        """What `write_scenario` kept; UsageError when it is not there."""
        return _read(self.scenario_path)

    def open_history(self) -> HistoryWriter:
        """A writer for this scenario's history."""
        return HistoryWriter(self.history_path)

    def read_history(self) -> History:
        """The scenario's history; UsageError when it cannot be read, or is of another version."""
        return StoredHistory(self.history_path, self.seal)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @classmethod
    def create(
        cls, parent: Path, *, started_at: float, suffix: Callable[[], str] = lambda: secrets.token_hex(3)
    ) -> "RunFolder":
        """Makes `<parent>/<UTC time>-<suffix>/` and points `<parent>/latest` to it.

        `started_at` is seconds since the epoch. `suffix` gives six hexadecimal digits, and others when asked
        again because a run of the same second has them already. BackendError when the folder cannot be made.
        """
        stamp = datetime.fromtimestamp(started_at, UTC).strftime("%Y%m%dT%H%M%SZ")
        with _translated(parent):
            parent.mkdir(parents=True, exist_ok=True)
            path = _made(parent, stamp, suffix)
            _point(parent / "latest", path.name)
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """An old run, given its folder or a link to it; UsageError when it holds no run.json."""
        if not (path / "run.json").is_file():
            raise UsageError(f"{path} is not the folder of a run: it has no run.json")
        return cls(path.resolve())

    def describe(self, description: RunDescription) -> None:
        """Writes run.json; whoever reads meanwhile finds the old one or the new one."""
        _write_whole(
            self.path / "run.json", orjson.dumps(asdict(description), option=orjson.OPT_INDENT_2) + b"\n"
        )

    def description(self) -> RunDescription:
        """What run.json says; UsageError when it is missing or broken, or its histories are of another version."""
        path = self.path / "run.json"
        try:
            values = _OF_OLDER_RUNS | orjson.loads(_read(path))
            known = {one.name: values[one.name] for one in fields(RunDescription)}
            known["scenarios"] = tuple(slug(name) for name in known["scenarios"])
            known["command"] = tuple(str(word) for word in known["command"])
            known["stopped"] = dict(known["stopped"])
            known["parts"] = {str(part): str(place) for part, place in dict(known["parts"]).items()}
            known["seals"] = {slug(name): Seal(**one) for name, one in dict(known["seals"]).items()}
            described = RunDescription(**known)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise UsageError(f"{path}: not a run's description ({error!r})") from error
        if described.history != VERSION:
            raise UsageError(
                f"{path}: harness {described.version} wrote this run, with histories of version {described.history}; "
                f"this harness reads those of version {VERSION}, and that one can judge it still"
            )
        return described

    def write_report(self, name: str, content: bytes) -> None:
        """Writes a report (`summary.json`, `junit.xml`) into the run's folder."""
        _write_whole(self.path / name, content)

    def add_scenario(self, name: str) -> ScenarioFolder:
        """A new folder for the scenario's files, named by its slug; a second one of that slug gets `-2`."""
        wanted = slug(name)
        number = 1
        while (path := self.path / (wanted if number == 1 else f"{wanted}-{number}")).exists():
            number += 1
        with _translated(path):
            path.mkdir()
        return ScenarioFolder(path)

    def seal(self, folder: ScenarioFolder, seal: Seal) -> ScenarioFolder:
        """Writes down what the scenario's history is, so that a later change of it is noticed."""
        described = self.description()
        self.describe(replace(described, seals={**described.seals, folder.name: seal}))
        return replace(folder, seal=seal)

    def scenarios(self) -> tuple[ScenarioFolder, ...]:
        """The scenarios that have a folder, in the order that run.json tells."""
        described = self.description()
        folders = (
            ScenarioFolder(self.path / name, described.seals.get(name)) for name in described.scenarios
        )
        return tuple(folder for folder in folders if folder.path.is_dir())


def slug(name: str) -> str:
    """A folder name for a scenario: lower-case letters, digits and dashes, at most 80 of them, never empty."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    return "-".join(words)[:_SLUG_LENGTH].rstrip("-") or "scenario"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _made(parent: Path, stamp: str, suffix: Callable[[], str]) -> Path:
    while True:
        path = parent / f"{stamp}-{suffix()}"
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path


def _point(link: Path, target: str) -> None:
    beside = link.with_name(f".{link.name}-{target}")
    beside.symlink_to(target, target_is_directory=True)
    beside.replace(link)


def _write_whole(path: Path, content: bytes) -> None:
    """Writes beside the file and renames, so that nobody ever reads half of it."""
    beside = path.with_name(f".{path.name}.new")
    with _translated(path):
        beside.write_bytes(content)
        beside.replace(path)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise UsageError(f"{path} is there already") from error
    except OSError as error:
        raise BackendError(f"cannot write {path}: {error.strerror}") from error
