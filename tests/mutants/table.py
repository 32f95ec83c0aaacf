"""Writes docs/mutants.md, mutants against checks: `python -m tests.mutants.table`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.mutants.catalogue import BACKENDS, EQUIVALENT, LATER, MUTANTS, SAYS, Mutant

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mutants.md"
CHECKS = ("routing", "latency", "order", "purge", "rows", "refusals", "health")


def page() -> str:
    """The page in Markdown."""
    return "\n".join((*_head(), *_mutants(), *_equivalent(), *_later(), ""))


def _head() -> Iterator[str]:
    yield "# Mutants\n"
    yield "<!-- Written by `python -m tests.mutants.table`: do not edit. -->\n"
    yield (
        "Who judges the judge? Three small backends that are right (`tests/mutants/backends`: *plain*, from SNS to a "
        "function; *wrapped*, with an envelope around each event; *queued*, through SQS) are broken in one way at a "
        "time, in each case, in each tenth, in each three hundredth, counted and not drawn. A scenario "
        "(`tests/mutants/scenarios`) shows the mutant, one check must turn red, and the first finding must name the "
        "cause. `make test` plays each mutant at its smallest rate and all that must stay green, `make mutants` "
        "every rate.\n"
    )


def _mutants() -> Iterator[str]:
    yield "A number says in one of how many cases; it stands under the check that turns red.\n"
    yield f"| mutant | of | shown by | {' | '.join(CHECKS)} | first cause | on |"
    yield "|---|---|---|" + "---|" * (len(CHECKS) + 2)
    for rows in _alike():
        one = rows[0]
        rates = ", ".join(str(mutant.every) for mutant in rows)
        under = [rates if check == one.check else "" for check in CHECKS]
        shown = ", ".join(dict.fromkeys(mutant.stimulus for mutant in rows))
        on = "all" if one.backends == BACKENDS else ", ".join(one.backends)
        cells = (f"`{one.fault}`: {SAYS[one.fault]}", one.function, shown, *under, f"`{one.cause}`", on)
        yield f"| {' | '.join(map(_cell, cells))} |"
    yield ""


def _alike() -> Iterator[tuple[Mutant, ...]]:
    """The mutants that differ in their rates only."""
    alike: dict[tuple[str, str, str, tuple[str, ...]], list[Mutant]] = {}
    for one in MUTANTS:
        alike.setdefault((one.fault, one.function, one.check, one.backends), []).append(one)
    yield from map(tuple, alike.values())


def _equivalent() -> Iterator[str]:
    yield "## Equivalent\n"
    yield "No history tells these from the original, so they must turn nothing red.\n"
    yield "| change | why it is none | played under |\n|---|---|---|"
    for one in EQUIVALENT:
        yield f"| {_cell(one.name)} | {_cell(one.reason)} | {one.stimulus} |"
    yield ""


def _later() -> Iterator[str]:
    yield "## Waiting for faults\n"
    yield "These show only under a fault that cannot be injected yet.\n"
    yield "| defect | needs |\n|---|---|"
    for one in LATER:
        yield f"| {_cell(one.name)} | {_cell(one.needs)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.exit(0)
