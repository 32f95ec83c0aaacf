import asyncio

from harness.emulator.lambda_runtime.log_book import LogBook, LogLine
from harness.emulator.lambda_runtime.outcome import RequestId
from tests.patience import WAIT

R1, R2 = RequestId("r-1"), RequestId("r-2")
A, B, C = LogLine(1, 1.0, "f", "a", R1), LogLine(2, 2.0, "g", "b", R2), LogLine(3, 3.0, "f", "c")


def a_book(*lines: LogLine, capacity: int = 10) -> LogBook:
    book = LogBook(capacity)
    for line in lines:
        book.add(line.function, line.line, line.request, at=line.at)
    return book


def test_lines_of_all_functions_are_numbered_and_in_order() -> None:
    book = a_book(A, B, C)
    assert (book.lines(), book.last_number) == ((A, B, C), 3)


def test_lines_are_found_by_function_by_request_and_from_a_number_on() -> None:
    book = a_book(A, B, C)
    found = (
        book.lines("f"),
        book.lines(request=R2),
        book.lines("f", R2),
        book.lines(after=1),
        book.lines("h"),
    )
    assert found == ((A, C), (B,), (), (B, C), ())


def test_the_oldest_line_of_a_function_makes_room() -> None:
    assert a_book(A, B, C, capacity=1).lines() == (B, C)


def test_a_function_that_is_gone_takes_its_log_along() -> None:
    book = a_book(A, B, C)
    book.forget("f")
    assert book.lines() == (B,)


def test_a_tail_is_the_last_four_kilobytes_of_an_invocation() -> None:
    book = a_book(A, LogLine(2, 2.0, "f", "x" * 5000, R2))
    assert (book.tail("f", R1), book.tail("f", R2)) == (b"a\n", b"x" * 4095 + b"\n")


def test_whoever_waits_is_told_of_another_line() -> None:
    async def test() -> None:
        book = a_book(A)
        await book.another(0)
        waiting = asyncio.create_task(book.another(1))
        await asyncio.sleep(0)
        assert not waiting.done()
        book.add("g", "b", R2, at=2.0)
        await asyncio.wait_for(waiting, WAIT)

    asyncio.run(test())
