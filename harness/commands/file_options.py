"""Files on a command line: the stack and its parameters, the scenarios, the folder of a run."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from harness.errors import UsageError

STACK = Path("stack.yaml")
TEMPLATE = Path("template.yaml")
SCENARIOS = Path("scenarios")
RUNS = Path("runs")
LAST_RUN = RUNS / "latest"


def add_stack_options(parser: argparse.ArgumentParser, purpose: str) -> None:
    """`--stack` and `--parameter`."""
    parser.add_argument("--stack", metavar="FILE", type=Path, help=f"{purpose}, or a template")
    parser.add_argument(
        "--parameter",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="the value of a template's parameter, as often as there are some",
    )


def add_scenario_files(parser: argparse.ArgumentParser) -> None:
    """The files and folders that hold scenarios."""
    parser.add_argument("scenarios", nargs="*", type=Path, help="files or folders [scenarios/]")


def add_run_folder(parser: argparse.ArgumentParser) -> None:
    """The folder of a run that is over."""
    parser.add_argument("run", nargs="?", type=Path, help=f"a run's folder [{LAST_RUN}]")


def expected_stack(options: argparse.Namespace) -> Path:
    """The file that was named, or the one that is expected here; UsageError when neither is."""
    if options.stack is None and not STACK.is_file():
        file = TEMPLATE if TEMPLATE.is_file() else "FILE"
        raise UsageError(
            f"there is no {STACK} in {Path.cwd()}: go to the folder that has it, or name the stack to deploy: "
            f"harness run --stack {file}"
        )
    return Path(options.stack or STACK)


def stack_if_any(options: argparse.Namespace) -> Path | None:
    """The file that was named, or the one that is here, if there is one."""
    return options.stack or (STACK if STACK.is_file() else None)


def parameters(options: argparse.Namespace) -> Mapping[str, str]:
    """The parameters of a template by name; UsageError for what is no KEY=VALUE."""
    from harness.stack.loader import parameters_of

    return parameters_of(options.parameter)


def scenario_files(options: argparse.Namespace) -> tuple[Path, ...]:
    """The files and folders that were named, or the one that is expected here; UsageError when neither are."""
    if not options.scenarios and not SCENARIOS.is_dir():
        raise UsageError(
            f"there is no {SCENARIOS}/ in {Path.cwd()}: name the files or folders that hold scenarios"
        )
    return tuple(options.scenarios or (SCENARIOS,))


def run_folder(options: argparse.Namespace) -> Path:
    """The folder that was named, or the last run's; UsageError for one that is not there, or is that of all runs."""
    given = Path(options.run or LAST_RUN)
    if (given / "latest").exists() and not (given / "run.json").exists():
        raise UsageError(f"{given} keeps runs and is none itself: harness check {given / 'latest'}")
    if not given.exists():
        raise UsageError(f"{given}: there is no such run; `harness run` makes one")
    return given
