"""`harness run --backend localstack`, as a CI job calls it."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localstack_host.host import LocalStack, running
from localstack_host.installation import Installation
from tests.backends.chat import LONG, a_project
from tests.backends.conftest import start
from tests.elsewhere.test_runs_elsewhere import until_published
from tests.end_to_end.command import ROOT, Command

__all__ = ["start"]

# What is claimed of a latency is claimed of the emulator; LocalStack's tables take their time.
SLOWER = "one-trade-reaches-200-subscribers-in-time"


def test_every_scenario_passes_with_tables_and_topics_in_localstack(
    tmp_path: Path, elsewhere: str, start: Callable[..., Command]
) -> None:
    scenarios = sorted(str(one) for one in (ROOT / "scenarios").glob("*.yaml") if one.stem != SLOWER)

    where = ("--backend", "localstack", "--endpoint-url", elsewhere)
    ended = start("run", "--stack", str(ROOT / "stack.yaml"), *where, *scenarios).end(timeout=500)

    assert ended.exit_code == 0, ended.stdout + ended.stderr
    run = json.loads((tmp_path / "runs/latest/run.json").read_bytes())
    assert (run["backend"], run["parts"]) == (
        "localstack",
        {
            "tables": f"LocalStack 4.3.0 at {elsewhere}",
            "topics": f"LocalStack 4.3.0 at {elsewhere}",
            "queues": f"LocalStack 4.3.0 at {elsewhere}",
            "API": "here",
            "functions": "here",
        },
    )
    print(ended.stdout)  # the figures, for the log


@pytest.fixture
def victim(installation: Installation) -> Iterator[LocalStack]:
    """One that may be killed."""
    with running(installation) as localstack:
        yield localstack


def test_a_localstack_that_is_killed_is_exit_code_4_and_one_message(
    tmp_path: Path, victim: LocalStack, start: Callable[..., Command]
) -> None:
    a_project(tmp_path, long=LONG)
    command = start("run", "--backend", "localstack", "--endpoint-url", victim.endpoint)
    until_published(tmp_path)

    os.kill(victim.process.pid, signal.SIGKILL)
    ended = command.end()

    # The command's end fails the test when a process is left.
    assert (ended.exit_code, ended.stderr.count("harness: ")) == (4, 1)
    assert ended.stderr.startswith(
        f"harness: LocalStack 4.3.0 at {victim.endpoint} does not answer any more: Connection refused"
    )
