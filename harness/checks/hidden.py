"""Why can a check not see what it needs? Where a backend hides its inside, the history says so."""

from harness.checks.verdict import Finding
from harness.record.history import History
from harness.record.observation import InsideHidden


def hidden(history: History) -> InsideHidden | None:
    """That the backend shows nothing of its inside, None where it does."""
    return next(iter(history.of(InsideHidden)), None)


def unseen(what: str, seen: InsideHidden) -> Finding:
    """That `what` a check needs happens inside: `whether functions failed`."""
    return Finding("not shown", f"{what} cannot be seen: {seen.reason}")
