"""Draws `docs/terminal.svg`, as `make picture` does: `python docs/terminal_picture.py [RUN ...]`.

From runs that are there, or, when none is named, from two that are made for it: scenarios of the exchange, and
another one on a fan-out that raises an exception.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import yaml
from rich.console import Console

from harness.checks.verdict import ScenarioResult, Verdict
from harness.reports.terminal import scenario_block, total_line
from harness.run import RunOptions, judge_again, run

ROOT = Path(__file__).resolve().parents[1]
PASSES = (
    "switching-channels-moves-the-feed",
    "another-traders-channel-is-refused",
    "a-vanished-client-is-purged-on-410",
)
FAILS = "one-trade-reaches-200-subscribers-in-time"
RAISES = "tests/end_to_end/broken_handlers.raises"


def main(*runs: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = [one for made in runs or _made(Path(folder)) for one in judge_again(Path(made)).results]
    console = Console(record=True, width=92, file=StringIO(), force_terminal=True, highlight=False)
    console.print("[bold]$ harness run[/]")
    for result in results:
        console.print(scenario_block(result))
    console.print(total_line(results, seconds=sum(result.seconds for result in results)))
    picture = console.export_svg(title="harness run")
    Path(__file__).with_name("terminal.svg").write_text(picture, encoding="utf-8")


def _made(folder: Path) -> Iterator[str]:
    broken = yaml.safe_load((ROOT / "stack.yaml").read_text(encoding="utf-8"))
    for function in broken["functions"].values():
        function["code"] = str(ROOT)
    broken["functions"]["fan_out"]["handler"] = RAISES
    (folder / "stack.yaml").write_text(yaml.safe_dump(broken), encoding="utf-8")
    for stack, names, wanted in (
        (ROOT / "stack.yaml", PASSES, Verdict.PASS),
        (folder / "stack.yaml", (FAILS,), Verdict.FAIL),
    ):
        scenarios = tuple(ROOT / f"scenarios/{name}.yaml" for name in names)
        made = asyncio.run(run(RunOptions(stack, scenarios, folder / "runs")))
        if other := [one for one in made.results if one.verdict is not wanted]:
            sys.exit("\n".join(("no picture was drawn:", *(_unwanted(one, wanted) for one in other))))
        yield str(made.folder.path)


def _unwanted(result: ScenarioResult, wanted: Verdict) -> str:
    told = "; ".join(f"{one.check}: {one.what}" for one in result.causes[:1])
    return f"{result.title}: {result.verdict.value}, not {wanted.value}{f' ({told})' if told else ''}"


if __name__ == "__main__":
    main(*sys.argv[1:])
