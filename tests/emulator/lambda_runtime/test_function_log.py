from harness.emulator.lambda_runtime.function_log import LONGEST_LINE, LineSplitter, report_line
from harness.emulator.lambda_runtime.outcome import RequestId

R1 = RequestId("r-1")


def test_lines_are_cut_at_line_feeds_over_pieces() -> None:
    splitter = LineSplitter()
    assert [splitter.feed(b"a\nb"), splitter.feed(b"c\n\n"), splitter.flush()] == [["a"], ["bc", ""], []]


def test_a_line_without_its_line_feed_is_flushed_once() -> None:
    splitter = LineSplitter()
    splitter.feed(b"half")
    assert [splitter.flush(), splitter.flush()] == [["half"], []]


def test_a_traceback_with_carriage_returns_is_one_event_of_several_lines() -> None:
    assert LineSplitter().feed(b"[ERROR] x\rTraceback\r\n") == ["[ERROR] x\nTraceback"]


def test_an_endless_line_is_cut() -> None:
    assert [len(line) for line in LineSplitter().feed(b"x" * (LONGEST_LINE + 1))] == [LONGEST_LINE + 1]


def test_a_report_of_a_cold_start_bills_init() -> None:
    line = report_line(R1, duration=0.0021, memory_size=128, memory_used=37, init_duration=0.1)
    assert line == (
        "REPORT RequestId: r-1\tDuration: 2.10 ms\tBilled Duration: 103 ms\tMemory Size: 128 MB"
        "\tMax Memory Used: 37 MB\tInit Duration: 100.00 ms"
    )


def test_a_report_of_a_time_out_says_so() -> None:
    line = report_line(R1, duration=3.0, memory_size=256, memory_used=0, init_duration=None, status="timeout")
    assert line == (
        "REPORT RequestId: r-1\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 256 MB"
        "\tStatus: timeout"
    )
