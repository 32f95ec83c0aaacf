"""Loader of scenarios: from a YAML file, with every mistake named by file and line, and from and to JSON.

A loaded scenario is complete: the stack's feed is in it, and the files it publishes are absolute paths.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import ValidationError

from harness.durations import parse_duration
from harness.errors import UsageError
from harness.scenario.connection_rows import ConnectionRows
from harness.scenario.consistency import lacking, missing_channel, slips
from harness.scenario.feed import Feed
from harness.scenario.model import Payload, PublishFile, Scenario, Step
from harness.validation import validated
from harness.yaml_source import Mistake, Source, read_yaml, refuse

_SUFFIXES = (".yaml", ".yml")
NOTHING: Mapping[str, str] = {}


def find_scenarios(path: Path) -> tuple[Path, ...]:
    """The scenario files of a folder and its subfolders, sorted, or the one file itself.

    UsageError when nothing is there.
    """
    if path.is_file():
        return (path,)
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    found = tuple(sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file()))
    if not found:
        raise UsageError(f"{path}: no scenario in it; scenarios are .yaml files")
    return found


def load_scenario(
    path: Path,
    *,
    feed: Feed | None = None,
    rows: ConnectionRows | None = None,
    lacks: Mapping[str, str] = NOTHING,
    shape_only: bool = False,
) -> Scenario:
    """The scenario of a file; UsageError tells every mistake with its file and line.

    `feed` and `rows` are the stack's; a `feed:` in the scenario itself wins over it. `lacks` says why the stack
    cannot give what a scenario may ask for: `publish`, `purge`, `ttl`. What is wrong with the shape of the file is
    told first, what is wrong with its sense once the shape is right; never with `shape_only`: no stack is known then.
    """
    source = read_yaml(path)
    scenario = validated(Scenario, source)
    if shape_only:
        return scenario
    given = {"feed": feed, "rows": rows}.items()
    ours = {name: value for name, value in given if value and name not in scenario.model_fields_set}
    scenario = scenario.model_copy(update=ours)
    files = {step.publish_file: path.parent / step.publish_file for step in _file_steps(scenario)}
    contents = {name: _read_event_file(file) for name, file in files.items()}
    wrong = [source.mistake(location, text) for location, text in lacking(scenario, lacks)]
    refuse([*wrong, *_mistakes(scenario, source, contents)])
    timeline = tuple(_with_path(step, files) for step in scenario.timeline)
    return scenario.model_copy(update={"timeline": timeline})


def read_events(file: str) -> tuple[Payload, ...]:
    """The lines of a JSONL file of events, `at` still in them; UsageError names each bad line."""
    found = _read_event_file(Path(file))
    if found is None:
        raise UsageError(f"{file}: no such file")
    refuse(found.mistakes)
    return found.events


def to_json(scenario: Scenario) -> bytes:
    """The scenario for a run's folder."""
    return scenario.model_dump_json(by_alias=True).encode()


def from_json(text: bytes) -> Scenario:
    """The scenario of a run's folder; UsageError when it is none."""
    try:
        return Scenario.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"not a scenario of this version: {where}: {first['msg']}") from error


# --- files of events ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _EventFile:
    """What a JSONL file holds; `lines` are the line numbers of its events."""

    file: str
    events: tuple[Payload, ...]
    lines: tuple[int, ...]
    mistakes: tuple[Mistake, ...]


def _read_event_file(path: Path) -> _EventFile | None:
    """The file's events and mistakes, None when it is not there."""
    if not path.is_file():
        return None
    file = str(path)
    numbered_lines = [
        (number, line) for number, line in enumerate(path.read_bytes().splitlines(), 1) if line.strip()
    ]
    parsed = [(number, _parse_event(line)) for number, line in numbered_lines]
    events = [(number, event) for number, event in parsed if not isinstance(event, str)]
    return _EventFile(
        file,
        events=tuple(event for _, event in events),
        lines=tuple(number for number, _ in events),
        mistakes=tuple(Mistake(file, number, text) for number, text in parsed if isinstance(text, str)),
    )


def _parse_event(line: bytes) -> Payload | str:
    """The event of a line, or what is wrong with it."""
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return f"is not JSON: {error}"
    if not isinstance(event, dict):
        return "an event is a JSON object"
    try:
        parse_duration(event.get("at", 0))
    except ValueError as error:
        return f"'at': {error}"
    return event


def _file_steps(scenario: Scenario) -> Iterator[PublishFile]:
    return (step for step in scenario.timeline if isinstance(step, PublishFile))


def _with_path(step: Step, files: Mapping[str, Path]) -> Step:
    if isinstance(step, PublishFile):
        return step.model_copy(update={"publish_file": str(files[step.publish_file].resolve())})
    return step


# --- mistakes -----------------------------------------------------------------------------------------------


def _mistakes(
    scenario: Scenario, source: Source, contents: Mapping[str, _EventFile | None]
) -> Iterator[Mistake]:
    for index, step in enumerate(scenario.timeline):
        if isinstance(step, PublishFile) and contents[step.publish_file] is None:
            text = f"'{step.publish_file}' is not there; it is looked for beside the scenario"
            yield source.mistake(("timeline", index, "publish_file"), text)
    for content in contents.values():
        if content is not None:
            yield from content.mistakes
            if not content.events and not content.mistakes:
                yield Mistake(content.file, 1, "holds no event")
            yield from _without_channel(scenario.feed, content)
    there = {name: content.events for name, content in contents.items() if content is not None}
    for location, text in slips(scenario, lambda name: there.get(name, ())):
        yield source.mistake(location, text)


def _without_channel(feed: Feed, content: _EventFile) -> Iterator[Mistake]:
    for number, event in zip(content.lines, content.events, strict=True):
        if (text := missing_channel(feed, event)) is not None:
            yield Mistake(content.file, number, text)
