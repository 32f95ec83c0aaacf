"""`harness logs`: what the functions wrote, in a run that is over or on an emulator that is running."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson

from harness.commands.file_options import add_run_folder, run_folder
from harness.commands.printing import write
from harness.errors import ExitCode, Mistakes, UsageError
from harness.record.history import History
from harness.record.observation import FunctionLogged, PlatformLogged
from harness.record.store import RunFolder, ScenarioFolder
from harness.reports.log_lines import SHORT, LogEntry, Wanted, as_json, as_text

EXAMPLES = """\
  harness logs                                 what every function of the last run wrote, in order
  harness logs --function fan_out --scenario purge        one function in one scenario
  harness logs runs/latest --request 3f2b8c1e  one invocation
  harness logs --endpoint http://127.0.0.1:4566 --follow  on a running `harness up`, as it comes
"""

WAIT = 20.0
"""Seconds that one request of a follower waits for a line; then it asks again."""
_ANSWER = 10.0

Say = Callable[[str], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which run or emulator, and which lines of it."""
    add_run_folder(parser)
    parser.add_argument("--scenario", metavar="NAME", help="of this scenario only")
    parser.add_argument("--function", metavar="NAME", default="", help="of this function only")
    parser.add_argument(
        "--request", metavar="ID", default="", help="of this invocation only; its first digits will do"
    )
    parser.add_argument("--endpoint", metavar="URL", help="of a running emulator, and not of a run")
    parser.add_argument("--follow", action="store_true", help="with --endpoint: go on until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="a JSON object for each line")


def execute(options: argparse.Namespace) -> ExitCode:
    """Says the lines; PASS when there are some, and after Ctrl-C when they were followed."""
    wanted = Wanted(options.function, options.request)
    # Into a pipe no id is cut, so that it can be searched for there.
    digits = SHORT if sys.stdout.isatty() else None
    if options.endpoint is None:
        if options.follow:
            raise UsageError("--follow needs --endpoint URL: a run that is over says no more")
        folder = run_folder(options)
        say_logs_of_run(folder, wanted, scenario=options.scenario, json=options.json, say=_say, digits=digits)
        return ExitCode.PASS
    if options.run is not None or options.scenario is not None:
        raise UsageError("--endpoint is for an emulator that runs now: it knows no run and no scenario")
    try:
        say_logs_of_emulator(
            options.endpoint, wanted, follow=options.follow, json=options.json, say=_say, digits=digits
        )
    except KeyboardInterrupt:
        if not options.follow:
            raise
    return ExitCode.PASS


def _say(line: str) -> None:
    write(line.encode("utf-8", "replace") + b"\n")


def say_logs_of_run(
    folder: Path, wanted: Wanted, *, scenario: str | None, json: bool, say: Say, digits: int | None = SHORT
) -> None:
    """Says the lines of every scenario of a run, or of one, in order; times are from the timeline's begin.

    UsageError when the folder is no run's, and when there is no such scenario, function or request in it; for a
    history that cannot be read too, once all others are told.
    """
    heard: set[str] = set()
    told, mistakes = False, Mistakes()
    for one in _scenarios(RunFolder.open(folder), scenario):
        history = mistakes.noted(one.read_history)
        entries = [] if history is None else list(entries_of(history))
        heard |= {entry.function for entry in entries}
        chosen = [entry for entry in entries if wanted.takes(entry)]
        told = told or bool(chosen)
        if chosen and not json:
            say(f"{one.name}:")
        for entry in chosen:
            say(
                as_json(entry, scenario=one.name)
                if json
                else as_text(entry, when=f"{entry.at:+.3f} s", digits=digits)
            )
    mistakes.refuse()
    if not told:
        _explain(heard, wanted, str(folder))


def say_logs_of_emulator(
    endpoint: str, wanted: Wanted, *, follow: bool, json: bool, say: Say, digits: int | None = SHORT
) -> None:
    """Says the lines that a running emulator has kept, oldest first; with `follow` goes on until interrupted.

    UsageError when no emulator answers there.
    """
    entries, after = _asked(endpoint, 0, wait=0.0)
    while True:
        for entry in entries:
            if wanted.takes(entry):
                say(as_json(entry) if json else as_text(entry, when=_time(entry.at), digits=digits))
        if not follow:
            return
        entries, after = _asked(endpoint, after, wait=WAIT)


def entries_of(history: History) -> Iterator[LogEntry]:
    """The lines that a history holds, in order; `at` is from the timeline's begin."""
    from harness.checks.subscribing import timeline_begins_at

    begin = timeline_begins_at(history)
    for seen in history.each():
        if isinstance(seen, FunctionLogged | PlatformLogged):
            yield LogEntry(seen.at - begin, seen.function, seen.request, seen.line)


def _scenarios(run: RunFolder, name: str | None) -> Iterable[ScenarioFolder]:
    scenarios = run.scenarios()
    if name is None:
        return scenarios
    chosen = [one for one in scenarios if one.name == name]
    if not chosen:
        known = ", ".join(one.name for one in scenarios) or "none"
        raise UsageError(f"{run.path} has no scenario '{name}'; it has: {known}")
    return chosen


def _explain(heard: set[str], wanted: Wanted, where: str) -> None:
    if not heard:
        raise UsageError(f"{where}: no function logged anything")
    if not any(wanted.takes_function(name) for name in heard):
        raise UsageError(
            f"{where}: no line of a function '{wanted.function}'; {', '.join(sorted(heard))} logged"
        )
    raise UsageError(f"{where}: no line of a request '{wanted.request}'")


def _asked(endpoint: str, after: int, *, wait: float) -> tuple[list[LogEntry], int]:
    """The lines after number `after`, and the number to ask for next."""
    import urllib3

    url = f"{endpoint.rstrip('/')}/_harness/logs?format=json&after={after}&wait={wait:g}"
    try:
        answer = urllib3.request("GET", url, timeout=wait + _ANSWER, retries=False)
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise UsageError(
            f"{endpoint}: no emulator answers there ({error}); `harness up` starts one"
        ) from error
    if answer.status != 200 or "x-harness-last" not in answer.headers:
        raise UsageError(f"{endpoint}: what answers there is no emulator of ours (status {answer.status})")
    lines = [orjson.loads(line) for line in answer.data.splitlines()]
    entries = [LogEntry(one["at"], one["function"], one["request"], one["line"]) for one in lines]
    return entries, int(answer.headers["x-harness-last"])


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3]
