"""Fixtures that run the `harness` command, and stacks with one handler replaced."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.end_to_end.command import ROOT, Command, Ended, summary_of


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Starts `harness ARGUMENTS`."""
    started: list[Command] = []

    def start(*arguments: str, cwd: Path = ROOT, module: str = "harness") -> Command:
        started.append(Command(arguments, tmp_path, cwd, module=module))
        return started[-1]

    yield start
    for command in started:
        if command.process.poll() is None:
            command.send(signal.SIGKILL)
            command.process.communicate()


@pytest.fixture
def harness(start: Callable[..., Command]) -> Callable[..., Ended]:
    """Runs `harness ARGUMENTS` to its end."""

    def run(*arguments: str, cwd: Path = ROOT) -> Ended:
        return start(*arguments, cwd=cwd).end()

    return run


@pytest.fixture
def stack_with(tmp_path: Path) -> Callable[..., Path]:
    """Writes the project's stack.yaml with handlers replaced: `stack_with(fan_out="folder/file.function")`."""

    def write(*, code: Path = ROOT, **handlers: str) -> Path:
        stack = yaml.safe_load((ROOT / "stack.yaml").read_text())
        for name, function in stack["functions"].items():
            function["code"] = str(code if name in handlers else ROOT)
            function["handler"] = handlers.get(name, function["handler"])
        path = tmp_path / "stack.yaml"
        path.write_text(yaml.safe_dump(stack))
        return path

    return write


@pytest.fixture
def verdicts(tmp_path: Path) -> Callable[[], dict[str, str]]:
    """Verdict by check, of the one scenario that was run with `--runs tmp_path/runs`."""

    def read() -> dict[str, str]:
        (scenario,) = summary_of(tmp_path)["scenarios"]
        return {check["check"]: check["verdict"] for check in scenario["checks"]}

    return read
