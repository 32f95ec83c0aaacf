"""Shape of a command: what each module beside this one offers to the table in `harness/cli.py`."""

import argparse
from typing import Protocol


class Command(Protocol):
    """A command of `harness`; its module is called as the command is, with `_` for `-`.

    The module is loaded when its command is given and not before.
    """

    EXAMPLES: str
    """Ends the command's own help; a line each, two spaces before it."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Adds what the command takes to its own parser."""

    def execute(self, options: argparse.Namespace) -> int:
        """Does it and returns the exit code. `options.words` is the command line as it was given.

        UsageError for a mistake in what was given, BackendError and DeploymentFailed where it cannot be done.
        """
