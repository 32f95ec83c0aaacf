"""A stranger's emulator (ministack, from PyPI) as the endpoint: full and hybrid. Skipped where it is not installed.

See tests/ministack.py.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.backends.chat import a_project
from tests.backends.conftest import NOTHING, Endpoint
from tests.end_to_end.command import Ended, summary_of
from tests.ministack import ministack

__all__ = ["ministack"]


@pytest.mark.parametrize(
    ("mode", "there"),
    [
        pytest.param((), ("tables", "topics", "queues", "API", "functions"), id="everything there"),
        pytest.param(("--hybrid",), ("tables", "topics", "queues"), id="hybrid"),
    ],
)
def test_a_run_on_ministack_is_judged_and_leaves_nothing(
    tmp_path: Path,
    ministack: Endpoint,
    harness: Callable[..., Ended],
    mode: tuple[str, ...],
    there: tuple[str, ...],
) -> None:
    a_project(tmp_path)

    ended = harness("run", "--endpoint-url", ministack.url, *mode, "--accept-unknown", "health,purge")

    summary = summary_of(tmp_path)
    (scenario,) = summary["scenarios"]
    verdicts = {one["check"]: one["verdict"] for one in scenario["checks"]}
    elsewhere = {part for part, where in summary["run"]["parts"].items() if where.startswith("ministack ")}
    assert (ended.exit_code, verdicts["routing"]) == (0, "PASS"), ended.stdout + ended.stderr
    assert elsewhere == set(there)
    assert ministack.resources() == NOTHING


def test_what_it_gets_wrong_is_a_failed_check(
    tmp_path: Path, ministack: Endpoint, harness: Callable[..., Ended]
) -> None:
    """It refuses every handshake with 403, whatever the function said (C-3)."""
    refused = """
scenario: Strangers are told that they are unauthorized
clients:
  stranger: {query: {room: nowhere}, refused: 401}
"""
    a_project(tmp_path, refused=refused)
    refusing = '    if room == "nowhere":\n        return {"statusCode": 401}\n'
    app = (tmp_path / "app.py").read_text()
    (tmp_path / "app.py").write_text(app.replace("    table.put_item", f"{refusing}    table.put_item"))

    ended = harness("run", "--endpoint-url", ministack.url)

    assert ended.exit_code == 1, ended.stdout + ended.stderr
    assert "handshake was answered 403" in ended.stdout
    assert "instead of 401" in ended.stdout
