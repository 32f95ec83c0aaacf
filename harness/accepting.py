"""Whose UNKNOWN may pass? As options name the checks."""

from collections.abc import Iterable

from harness.checks.judge import CHECKS, PLAYED
from harness.errors import UsageError


def accepted_checks(given: Iterable[str]) -> frozenset[str]:
    """The checks that `health,purge` and the like name; UsageError for a name that no check has."""
    names = frozenset(name.strip() for one in given for name in one.split(",") if name.strip())
    if strangers := sorted(names - CHECKS.keys() - {PLAYED}):
        known = ", ".join((*CHECKS, PLAYED))
        raise UsageError(
            f"there is no check {strangers[0]!r} whose UNKNOWN could be accepted; there are {known}"
        )
    return names
