"""docs/parity.md: rows, the tests that show them, and what is wrong with either."""

from pathlib import Path

import pytest

from docs import parity
from docs.parity import Row, Showing, by_row, counts, faults, page, passed_in, read_rows, silences

ROWS = (
    Row("R-1", "1.2", "D", "a `|` in text"),
    Row("R-2", "1.2", "F", "hearsay"),
    Row("S-1", "2", "O", "an envelope"),
)
WIDE = Showing("tests/a.py::test_wide", "Everything at once.", ("R-1", "R-2"))
NARROW = Showing("tests/b.py::test_narrow", "One thing.", ("R-1",))
ASSUMED = Showing("tests/c.py::test_guess", "A guess.", ("S-1",), assumed=True)


def test_the_test_that_shows_the_fewest_rows_speaks_for_a_row() -> None:
    assert by_row([WIDE, NARROW]) == {"R-1": (NARROW, WIDE), "R-2": (WIDE,)}


def test_counts_are_of_documented_and_observed_rows_by_area() -> None:
    assert counts(ROWS, by_row([WIDE])) == "gateway: 1 of 1; sns: 0 of 1 D and O rows have a test"


def test_the_page_says_row_behaviour_sentence_test_and_whether_it_is_recorded() -> None:
    lines = page(ROWS, by_row([WIDE, NARROW, ASSUMED]), [("harness/x.py", "what it says")]).splitlines()

    assert [line for line in lines if line.startswith(("| R", "| S"))] == [
        "| R-1 | a `\\|` in text | One thing. | `b.py::test_narrow`, `a.py::test_wide` | recorded |",
        "| R-2 | hearsay | Everything at once. | `a.py::test_wide` | assumed |",
        "| S-1 | an envelope | A guess. | `c.py::test_guess` | assumed |",
    ]
    assert "- what it says (`harness/x.py`)" in lines


def test_a_row_without_a_test_and_a_test_without_a_row_are_faults_and_so_is_a_stale_page() -> None:
    stranger = Showing("tests/d.py::test_other", "Other.", ("Z-9",))

    assert list(faults(ROWS, by_row([stranger]), page_is_fresh=False)) == [
        "Z-9: tests/d.py::test_other shows a row that docs/aws-rows.csv does not have",
        "R-1: no test shows it (a `|` in text)",
        "S-1: no test shows it (an envelope)",
        "docs/parity.md is stale: python docs/parity.py",
    ]


def test_a_row_whose_tests_did_not_pass_is_a_fault(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    report.write_text(
        """<testsuites><testsuite>
        <testcase classname="tests.a" name="test_wide[one]"/>
        <testcase classname="tests.a" name="test_wide[two]"><failure/></testcase>
        <testcase classname="tests.b" name="test_narrow[one]"/>
        <testcase classname="tests.b" name="test_narrow[two]"><skipped/></testcase>
        <testcase classname="tests.c" name="test_guess"><skipped/></testcase>
        </testsuite></testsuites>"""
    )
    passed = passed_in(report)

    assert passed == {"tests/b.py::test_narrow"}
    shown = by_row([WIDE, NARROW, ASSUMED])
    assert list(faults(ROWS, shown, page_is_fresh=True, passed=passed)) == [
        "R-2: none of its tests passed",
        "S-1: none of its tests passed",
    ]


def test_comments_on_what_is_not_recorded_are_found_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docs.parity.ROOT", tmp_path)
    (tmp_path / "x.py").write_text("# Not recorded on AWS yet: one\n# and its end.\n\n# Other.\n")

    assert list(silences(tmp_path)) == [("x.py", "one and its end.")]


def test_every_row_has_its_own_id_and_a_known_section() -> None:
    rows = read_rows()

    assert len({row.id for row in rows}) == len(rows)
    assert all(row.area for row in rows)


def test_the_check_fails_when_a_row_has_no_test_and_passes_when_all_is_shown_and_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Showing] = []
    monkeypatch.setattr(parity, "PAGE", tmp_path / "parity.md")
    monkeypatch.setattr(parity, "read_rows", lambda: ROWS[:1])
    monkeypatch.setattr(parity, "collect", lambda: tuple(shown))

    assert parity.main([]) == 0
    assert parity.main(["--check"]) == 1
    shown.append(NARROW)
    assert parity.main(["--check"]) == 1, "the page is stale"
    assert parity.main([]) == 0
    assert parity.main(["--check"]) == 0
