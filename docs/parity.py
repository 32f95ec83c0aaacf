"""Writes docs/parity.md: which behaviour of AWS which test shows; `python docs/parity.py --check` judges it.

The behaviours are the rows of docs/aws-rows.csv (confidence D: documented by AWS, O: observed on AWS, F: hearsay,
open: AWS is silent). A test names its rows with `@pytest.mark.aws("R-10", ...)`, and `assumed=True` for what we
assumed. `--check` exits 1 when a D or O row of a section that is claimed done has no test, when the page is stale,
or when, in the JUnit report of a test run (`--junit`), a row's tests did not pass.
"""

import argparse
import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROWS = ROOT / "docs" / "aws-rows.csv"
PAGE = ROOT / "docs" / "parity.md"
SECTIONS: Mapping[str, tuple[str, str]] = {
    "1.1": ("gateway", "URLs"),
    "1.2": ("gateway", "Route selection"),
    "1.3": ("gateway", "Integration outcomes"),
    "1.4": ("gateway", "Events and ids"),
    "1.5": ("gateway", "Opening handshake"),
    "1.6": ("gateway", "Authorizers, IAM, API keys"),
    "1.7": ("gateway", "Closing"),
    "1.8": ("gateway", "Route responses"),
    "1.9": ("gateway", "Quotas and frames"),
    "1.10": ("gateway", "@connections"),
    "1.11": ("control plane", "API Gateway's control plane"),
    "2": ("sns", "SNS to Lambda"),
    "3.1": ("lambda", "Environment and context"),
    "3.2": ("lambda", "Errors"),
    "3.3": ("lambda", "Runtime API"),
    "3.4": ("lambda", "Handler strings"),
    "4": ("dynamodb", "DynamoDB"),
    "5": ("links", "Resource links of SST"),
    "7": ("open questions", "Where AWS is silent"),
}
DONE = tuple(section for section, (area, _) in SECTIONS.items() if area != "open questions")
# Where we knowingly do something else than AWS, by row.
DIFFERENCES: Mapping[str, str] = {
    "S-17": "Without jitter, and only `failures` of a topic makes a service fail.",
    "L-8": "Invocations that wait for an environment count too, because on AWS they would run; how fast functions "
    "scale is not modelled.",
    "S-14": "Destinations are queues, topics and functions; buckets and event buses are refused with 501.",
    "C-11": "AWS's frames cannot be decoded by a client that asked for a small server window; ours can.",
    "Q-16": "Plain `ws://` is served too, and on any port: tests need no certificates.",
    "Q-8": "One account and region for each emulator; HTTP and REST APIs, which it has none of, share nothing.",
}
SHOWN = 3  # tests named for one row; more are counted

_SILENT = re.compile(r"# Not recorded on AWS yet: (.+)")


@dataclass(frozen=True, slots=True)
class Row:
    """One behaviour of AWS."""

    id: str
    section: str
    confidence: str
    behaviour: str

    @property
    def is_recorded(self) -> bool:
        """Whether AWS documents it, or was seen to do it."""
        return "D" in self.confidence or "O" in self.confidence

    @property
    def area(self) -> str:
        """What the row is counted under."""
        return SECTIONS[self.section][0]


@dataclass(frozen=True, slots=True)
class Showing:
    """A test, or one case of it, that shows rows; `test` is its node id without the case, `says` a sentence."""

    test: str
    says: str
    rows: tuple[str, ...]
    assumed: bool = False


# --- reading ----------------------------------------------------------------------------------------------


def read_rows(path: Path = ROWS) -> tuple[Row, ...]:
    """The behaviours, in the order of the file."""
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(
            Row(row["id"], row["section"], row["confidence"], row["behaviour"])
            for row in csv.DictReader(file)
        )


class Collector:
    """A pytest plugin that keeps what the collected tests show."""

    def __init__(self) -> None:
        self.showings: dict[tuple[str, str, bool], Showing] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Called by pytest, once, with every test."""
        for item in items:
            for mark in item.iter_markers("aws"):
                test, case = item.nodeid.partition("[")[0], case_of(item, mark)
                assumed = bool(mark.kwargs.get("assumed", False))
                key = (test, case, assumed)
                known = self.showings.get(key, Showing(test, sentence(item, case), (), assumed))
                rows = tuple(dict.fromkeys((*known.rows, *map(str, mark.args))))
                self.showings[key] = Showing(test, known.says, rows, assumed)


def collect(tests: str = "tests") -> tuple[Showing, ...]:
    """What the tests show; SystemExit with pytest's own words when they cannot be collected."""
    collector, said = Collector(), StringIO()
    arguments = ["--collect-only", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}", str(ROOT / tests)]
    with redirect_stdout(said):
        status = pytest.main(arguments, plugins=[collector])
    if status != pytest.ExitCode.OK:
        listed, errors, what = said.getvalue().partition("ERRORS")
        raise SystemExit(f"the tests cannot be collected:\n{what if errors else listed}")
    return tuple(showing for _, showing in sorted(collector.showings.items(), key=lambda known: known[0]))


def case_of(item: pytest.Item, mark: pytest.Mark) -> str:
    """The name of the case, when the mark is the case's own and not the whole test's; else ""."""
    case = getattr(item, "callspec", None)
    return str(case.id) if case is not None and mark in case.marks else ""


def sentence(item: pytest.Item, case: str = "") -> str:
    """The first line of the test's docstring, else its name as a sentence, and the case."""
    doc = getattr(getattr(item, "function", None), "__doc__", None)
    name = getattr(item, "originalname", item.name).removeprefix("test_").replace("_", " ")
    said = str(doc).strip().splitlines()[0].rstrip(".") if doc else f"{name[:1].upper()}{name[1:]}"
    return f"{said}: {case}." if case else f"{said}."


def silences(folder: Path = ROOT / "harness") -> Iterator[tuple[str, str]]:
    """Every `Not recorded on AWS yet` in the sources: the module's path, and what is not recorded."""
    for path in sorted(folder.rglob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if (found := _SILENT.search(line)) is not None:
                yield str(path.relative_to(ROOT)), " ".join((found[1], *_continued(lines[number + 1 :])))


def _continued(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        text = line.strip()
        if not text.startswith("# ") or _SILENT.search(text):
            return
        yield text.removeprefix("# ")


# --- judging ----------------------------------------------------------------------------------------------


def by_row(showings: Iterable[Showing]) -> Mapping[str, tuple[Showing, ...]]:
    """The tests of every row, those that show the fewest rows first."""
    found: dict[str, list[Showing]] = {}
    for showing in showings:
        for row in showing.rows:
            found.setdefault(row, []).append(showing)
    return {
        row: tuple(sorted(shown, key=lambda one: (len(one.rows), one.test))) for row, shown in found.items()
    }


def counts(rows: Iterable[Row], shown: Mapping[str, Sequence[Showing]]) -> str:
    """How many D and O rows of each area have a test."""
    recorded = [row for row in rows if row.is_recorded]
    areas = dict.fromkeys(row.area for row in recorded)
    tallies = {area: [row.id in shown for row in recorded if row.area == area] for area in areas}
    return "; ".join(f"{area}: {sum(has)} of {len(has)}" for area, has in tallies.items()) + (
        " D and O rows have a test"
    )


def faults(
    rows: Sequence[Row],
    shown: Mapping[str, Sequence[Showing]],
    *,
    page_is_fresh: bool,
    passed: frozenset[str] | None = None,
) -> Iterator[str]:
    """What is wrong, in words; `passed` are the tests that passed in a run, None when none was given."""
    known = {row.id for row in rows}
    for stranger in sorted(set(shown) - known):
        yield f"{stranger}: {shown[stranger][0].test} shows a row that docs/aws-rows.csv does not have"
    for row in rows:
        if row.section in DONE and row.is_recorded and row.id not in shown:
            yield f"{row.id}: no test shows it ({row.behaviour})"
        if passed is not None and row.id in shown and not any(one.test in passed for one in shown[row.id]):
            yield f"{row.id}: none of its tests passed"
    if not page_is_fresh:
        yield "docs/parity.md is stale: python docs/parity.py"


def passed_in(junit: Path) -> frozenset[str]:
    """The tests of a JUnit report that passed and with no parameter failed, as node ids without parameters."""
    passed: set[str] = set()
    failed: set[str] = set()
    for case in ElementTree.parse(junit).iter("testcase"):  # noqa: S314 - our own report
        *module, name = (*case.get("classname", "").split("."), case.get("name", ""))
        test = f"{'/'.join(module)}.py::{name.partition('[')[0]}"
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(test)
        elif case.find("skipped") is None:
            passed.add(test)
    return frozenset(passed - failed)


# --- writing ----------------------------------------------------------------------------------------------


def page(
    rows: Sequence[Row],
    shown: Mapping[str, Sequence[Showing]],
    silent: Iterable[tuple[str, str]],
    unlike_local: Iterable[tuple[str, str]] = (),
) -> str:
    """The page as Markdown."""
    parts = [
        "# Parity with AWS",
        "<!-- Written by docs/parity.py: do not edit. -->",
        f"{counts(rows, shown)}. Recorded: AWS documents it, or was seen to do it. Assumed: AWS is silent, or was "
        "not seen to.",
    ]
    for section, of_section in groupby(rows, key=lambda row: row.section):
        parts += [f"## {section} {SECTIONS[section][1]}", _table(tuple(of_section), shown)]
    parts += ["## Differences", _list(f"{row}: {text}" for row, text in DIFFERENCES.items())]
    unlike = (f"{reason}: {what}" for what, reason in unlike_local)
    parts += ["## Unlike DynamoDB Local", _list(unlike)]
    places = ((text, path) for path, text in silent)
    parts += ["## Not recorded on AWS yet", _list(f"{text} (`{path}`)" for text, path in places)]
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[Row], shown: Mapping[str, Sequence[Showing]]) -> str:
    lines = ["| row | AWS | what we do | shown by | |", "|---|---|---|---|---|"]
    lines += [_line(row, shown.get(row.id, ())) for row in rows]
    return "\n".join(lines)


def _line(row: Row, showings: Sequence[Showing]) -> str:
    if not showings:
        return _cells(row.id, row.behaviour, "", "no test", "")
    assumed = not row.is_recorded or all(showing.assumed for showing in showings)
    distinct = tuple(dict.fromkeys(showing.test.removeprefix("tests/") for showing in showings))
    tests = [f"`{test}`" for test in distinct[:SHOWN]]
    tests += [f"{len(distinct) - SHOWN} more"] if len(distinct) > SHOWN else []
    return _cells(
        row.id, row.behaviour, showings[0].says, ", ".join(tests), "assumed" if assumed else "recorded"
    )


def _cells(*texts: str) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _unlike_dynamodb_local() -> Sequence[tuple[str, str]]:
    """Where our tables answer otherwise than DynamoDB Local, which does not check all that AWS checks."""
    sys.path.insert(0, str(ROOT))
    from tests.emulator.dynamodb.differences import differences

    return differences()


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the page, or checks it."""
    parser = argparse.ArgumentParser(prog="python docs/parity.py", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when anything is wrong")
    parser.add_argument("--junit", type=Path, help="the JUnit report of a test run")
    options = parser.parse_args(arguments)
    rows, shown = read_rows(), by_row(collect())
    text = page(rows, shown, silences(), _unlike_dynamodb_local())
    if not options.check:
        PAGE.write_text(text, encoding="utf-8")
    is_fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
    passed = None if options.junit is None else passed_in(options.junit)
    wrong = list(faults(rows, shown, page_is_fresh=is_fresh, passed=passed))
    for fault in wrong:
        print(fault, file=sys.stderr)  # noqa: T201 - this is a command
    print(counts(rows, shown))  # noqa: T201
    return 1 if wrong and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
