"""The suite's last words on skipped tests: one line for each thing that was missing."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.skipped import skipped_lines, thing_missing

pytest_plugins = ["pytester"]

TESTS = Path(__file__).resolve().parent
ASKED_FOR = {"DynamoDB Local refuses it in other words than DynamoDB"}
"""Skipped on purpose, whatever the machine has."""


def test_reasons_that_name_one_thing_are_one_line() -> None:
    reasons = [
        "Skipped: node is not installed",
        "Skipped: chromium is not installed",
        "Skipped: Node is missing",
        "Skipped: the moon is not full",
        "Skipped: Node.js or npm is not installed",
    ]

    assert skipped_lines(reasons) == [
        "SKIPPED: 3 tests without Node.js; what brings them back: Node.js 20 or newer, with npm",
        "SKIPPED: 1 test without Chromium; what brings them back: `apt install chromium`",
        "SKIPPED: 1 test (the moon is not full)",
    ]


@pytest.mark.parametrize(
    ("reason", "thing"),
    [
        ("DynamoDB Local needs Java 11 or newer, and there is no `java`", "Java"),
        ("DynamoDB Local needs npm, and there is no `npm`", "packages of npm"),
        ("only when asked: make test-dynamodb-oracle, or --steps 10000", "DynamoDB Local"),
        ("there is no Docker engine on this machine", "Docker"),
        ("docker compose is not installed here", "Docker's compose"),
        ("npm does not reach its registry", "npm's registry"),
        ("run `npm ci` in tests/contract/sdk", "packages of npm"),
        ("could not import 'testcontainers.community.localstack': No module", "testcontainers"),
    ],
)
def test_what_was_missing_is_read_from_the_reason(reason: str, thing: str) -> None:
    found = thing_missing(reason)

    assert found is not None
    assert found[0] == thing


def test_every_reason_in_the_suite_is_foreseen() -> None:
    reasons = {
        reason for file in TESTS.rglob("test_*.py") for reason in _reasons(ast.parse(file.read_text()))
    } | {reason for file in TESTS.rglob("conftest.py") for reason in _reasons(ast.parse(file.read_text()))}

    assert len(reasons) > 10
    assert {reason for reason in reasons - ASKED_FOR if thing_missing(reason) is None} == set()


def _reasons(tree: ast.AST) -> Iterator[str]:
    """The texts that `pytest.skip` and `pytest.mark.skipif` are called with."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        given = call.args if call.func.attr == "skip" else []
        given = (
            [one.value for one in call.keywords if one.arg == "reason"]
            if call.func.attr == "skipif"
            else given
        )
        yield from (text for one in given if (text := _text(one)))


def _text(node: ast.expr) -> str:
    """The constant parts of a text; empty for what is no text."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str))


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "with a worker"])
def test_the_lines_stand_at_the_end_and_pytests_own_line_is_last(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    for name in [name for name in os.environ if name.startswith(("PYTEST_XDIST", "PYTEST_ADDOPTS"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(TESTS.parent))
    pytester.makepyfile(
        "import pytest\n\n"
        "@pytest.mark.skipif(True, reason='chromium is not installed')\n"
        "def test_a(): pass\n\n"
        "def test_b(): pytest.skip('chromium is not installed')\n\n"
        "def test_c(): pass\n"
    )

    result = pytester.runpytest_subprocess("-ra", "-p", "tests.conftest", *workers, timeout=100)

    *_, line, last = [line for line in result.outlines if line]
    assert line == "SKIPPED: 2 tests without Chromium; what brings them back: `apt install chromium`"
    assert "1 passed, 2 skipped in" in last
