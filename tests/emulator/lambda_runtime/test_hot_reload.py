"""Code that is edited while it is invoked: every invocation is answered, by old or by new code."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.stack.model import Execution
from tests.patience import WAIT
from tests.small_api import SmallApi, small_api

CALLERS = 4


def version(number: int) -> str:
    """A module that takes a while to be read, and a handler that returns its version."""
    return f"{'#' * 100_000}\n\ndef handler(event, context):\n    return {number}\n"


class Caller(threading.Thread):
    """Invokes the function again and again, and keeps what came back."""

    def __init__(self, client: Any) -> None:
        super().__init__()
        self.answers: list[object] = []
        self._client = client
        self._changed = threading.Condition()
        self._goes_on = True

    def run(self) -> None:
        while self._goes_on:
            answered = self._client.invoke(FunctionName="small-edited", Payload=b"{}")
            answer = json.loads(answered["Payload"].read())
            with self._changed:
                self.answers.append(answer)
                self._changed.notify_all()

    def wait_for(self, answer: object) -> None:
        """Returns once this was answered, or once something that is no version was."""
        with self._changed:
            came = self._changed.wait_for(
                lambda: self.answers and (self.answers[-1] == answer or isinstance(self.answers[-1], dict)),
                WAIT,
            )
        assert came, f"{answer} never came; the last answers were {self.answers[-3:]}"

    def stop(self) -> None:
        self._goes_on = False
        self.join(WAIT)
        self._client.close()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[SmallApi]:
    execution = Execution(max_environments=2)  # so that some invocations wait while the code changes
    with small_api(tmp_path, {"$connect": "edited"}, {"edited": version(0)}, execution=execution) as running:
        yield running


@pytest.mark.parametrize("way", ["in one step", "truncated and written"])
def test_an_edit_in_the_middle_of_a_burst_loses_no_invocation(
    api: SmallApi, tmp_path: Path, way: str
) -> None:
    callers = [Caller(api.backend.client("lambda")) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        for number in range(1, 4):
            for caller in callers:
                caller.wait_for(number - 1)
            if way == "in one step":
                (tmp_path / "edited.new").write_text(version(number))
                (tmp_path / "edited.new").replace(tmp_path / "edited.py")
            else:
                (tmp_path / "edited.py").write_text(version(number))
        for caller in callers:
            caller.wait_for(3)
    finally:
        for caller in callers:
            caller.stop()
    for caller in callers:
        assert set(map(str, caller.answers)) == {"0", "1", "2", "3"}, "no answer is an error"
