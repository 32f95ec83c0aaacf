import json

import pytest

from harness.reports.log_lines import LogEntry, Wanted, as_json, as_text

REQUEST = "3f2b8c1e-5d0a-4c1b-9e57-000000000001"
ENTRY = LogEntry(1.2, "dex-fan_out", REQUEST, "Traceback:\n  File\x1b\n")


def test_a_line_tells_when_which_function_and_which_invocation_wrote_it() -> None:
    assert as_text(ENTRY, when="+1.200 s") == (
        "+1.200 s  dex-fan_out  3f2b8c1e  Traceback:\n      File\ufffd"
    )


def test_a_whole_request_id_is_shown_where_nothing_is_cut() -> None:
    assert as_text(ENTRY, when="now", digits=None).startswith(f"now  dex-fan_out  {REQUEST}  Traceback:")


def test_what_no_invocation_wrote_has_no_request() -> None:
    assert as_text(LogEntry(1.2, "f", None, "init"), when="now") == "now  f  -         init"


def test_a_line_for_programs_keeps_everything() -> None:
    assert json.loads(as_json(ENTRY, scenario="purge")) == {
        "scenario": "purge",
        "at": 1.2,
        "function": "dex-fan_out",
        "request": REQUEST,
        "line": "Traceback:\n  File\x1b\n",
    }


@pytest.mark.parametrize(
    ("wanted", "takes"),
    [
        pytest.param(Wanted(), True, id="everything"),
        pytest.param(Wanted("dex-fan_out"), True, id="the name in AWS"),
        pytest.param(Wanted("fan_out"), True, id="the name in stack.yaml"),
        pytest.param(Wanted("out"), False, id="the end of a name"),
        pytest.param(Wanted(request="3f2b8c1e"), True, id="the beginning of a request id"),
        pytest.param(Wanted("fan_out", "4f"), False, id="another request"),
    ],
)
def test_lines_are_chosen_by_function_and_request(wanted: Wanted, takes: bool) -> None:
    assert wanted.takes(ENTRY) is takes
