import pytest

from harness.checks.findings import evidence_of
from harness.record.observation import ClientConnected, FunctionLogged
from harness.reports.plain import MOST, brief, plain, told


def test_times_count_from_the_begin_of_the_timeline() -> None:
    assert (
        told(evidence_of(ClientConnected(8.7654, "alice")), timeline_at=10.0) == "-1.235 s  alice connected"
    )


def test_what_was_seen_is_told_without_control_characters() -> None:
    logged = evidence_of(FunctionLogged(1, "f", "\x1b[31mred\rblue"))

    assert told(logged, timeline_at=1.0) == "+0.000 s  f logged: \ufffd[31mred\ufffdblue"


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        pytest.param("tab\tand\nnewline", "tab\tand\nnewline", id="tab and newline stay"),
        pytest.param("\x1b[31mred", "\ufffd[31mred", id="escape"),
        pytest.param("a\x00b\x7fc\x9bd", "a\ufffdb\ufffdc\ufffdd", id="controls"),
        pytest.param("\ud800", "\ufffd", id="half a character"),
        pytest.param("\u202eevil", "\ufffdevil", id="right to left"),
        pytest.param("a\u061cb\U000e0041c", "a\ufffdb\ufffdc", id="marks that nobody sees"),
        pytest.param("one\r\ntwo", "one\ntwo", id="line ends of Windows"),
        pytest.param("✔ ∞ 漢字 🎉", "✔ ∞ 漢字 🎉", id="all else stays"),
    ],
)
def test_control_characters_are_replaced(text: str, harmless: str) -> None:
    assert plain(text) == harmless


def test_a_long_text_is_cut_and_says_how_much_is_left_out() -> None:
    assert brief("x" * MOST) == "x" * MOST
    assert brief("x" * MOST + "\x1b" * 7) == "x" * MOST + "… (7 characters more)"
