"""What the suite says at its end: which tests were skipped, and what would bring them back."""

from collections.abc import Iterator

import pytest

from tests.skipped import skipped_lines


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    yield
    skipped = terminalreporter.stats.get("skipped", ())
    for line in skipped_lines(one.longrepr[2] for one in skipped if isinstance(one.longrepr, tuple)):
        terminalreporter.write_line(line)
