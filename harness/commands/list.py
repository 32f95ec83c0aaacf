"""`harness list`: what each scenario claims."""

import argparse

from harness.commands.file_options import (
    add_scenario_files,
    add_stack_options,
    parameters,
    scenario_files,
    stack_if_any,
)
from harness.commands.printing import say, say_aside, terminal, write_json
from harness.errors import ExitCode, Mistakes

EXAMPLES = """\
  harness list                                 every scenario in scenarios/, and what it claims
  harness list mine/ --stack other/stack.yaml  the scenarios in mine/, whose feed is that of another stack
  harness list --json | jq -r '.[].file'       for machines
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which scenarios, of which stack's feed."""
    add_scenario_files(parser)
    add_stack_options(parser, "whose feed holds [stack.yaml, if it is there]")
    parser.add_argument("--json", action="store_true", help="as JSON")


def execute(options: argparse.Namespace) -> ExitCode:
    """Says what can be read; the mistakes of all that cannot are told together, behind it."""
    from harness.scenario.loader import find_scenarios, load_scenario
    from harness.stack.loader import load_stack

    stack = stack_if_any(options)
    given = parameters(options)
    feed = load_stack(stack, parameters=given, notice=say_aside).feed if stack else None
    paths = [path for folder in scenario_files(options) for path in find_scenarios(folder)]
    mistakes = Mistakes()
    scenarios = [(str(path), mistakes.noted(load_scenario, path, feed=feed)) for path in paths]
    claims = [(path, scenario.scenario) for path, scenario in scenarios if scenario is not None]
    if options.json:
        write_json([{"file": path, "scenario": claim} for path, claim in claims])
    else:
        say(terminal(), *(f"{path}\n    {claim}" for path, claim in claims))
    mistakes.refuse()
    return ExitCode.PASS
