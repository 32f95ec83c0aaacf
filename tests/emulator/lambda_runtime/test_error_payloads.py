import signal

import pytest

from harness.emulator.lambda_runtime.outcome import RequestId
from harness.emulator.lambda_runtime.payloads import (
    ErrorReported,
    Exited,
    Failure,
    NotStarted,
    ResponseTooLarge,
    TimedOut,
    error_text,
    failure_payload,
)


@pytest.mark.parametrize(
    ("failure", "payload"),
    [
        pytest.param(
            ErrorReported(b'{"errorMessage":"x","errorType":"E"}'),
            b'{"errorMessage":"x","errorType":"E"}',
            id="the runtime's own report, verbatim",
            marks=pytest.mark.aws("L-21"),
        ),
        pytest.param(
            TimedOut(1.0),
            b'{"errorType":"Sandbox.Timedout","errorMessage":'
            b'"RequestId: r-1 Error: Task timed out after 1.00 seconds"}',
            id="time-out",
            marks=pytest.mark.aws("L-23"),
        ),
        pytest.param(
            Exited(0),
            b'{"errorType":"Runtime.ExitError","errorMessage":'
            b'"RequestId: r-1 Error: Runtime exited without providing a reason"}',
            id="exit 0",
            marks=pytest.mark.aws("L-24"),
        ),
        pytest.param(
            Exited(3),
            b'{"errorType":"Runtime.ExitError","errorMessage":'
            b'"RequestId: r-1 Error: Runtime exited with error: exit status 3"}',
            id="exit 3",
            marks=pytest.mark.aws("L-24"),
        ),
        pytest.param(
            Exited(-signal.SIGKILL),
            b'{"errorType":"Runtime.ExitError","errorMessage":'
            b'"RequestId: r-1 Error: Runtime exited with error: signal: killed"}',
            id="killed",
            marks=pytest.mark.aws("L-24"),
        ),
        pytest.param(
            NotStarted("no such file"),
            b'{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: r-1 Error: no such file"}',
            id="not started",
        ),
        pytest.param(
            ResponseTooLarge(),
            b'{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).",'
            b'"errorType":"Function.ResponseSizeTooLarge"}',
            id="response too large",
            marks=pytest.mark.aws("L-27"),
        ),
    ],
)
def test_an_invoker_gets_lambdas_error_payload(failure: Failure, payload: bytes) -> None:
    assert failure_payload(failure, RequestId("r-1")) == payload


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b'{"errorMessage":"no","errorType":"ValueError","stackTrace":[]}', "ValueError: no"),
        (b'{"errorMessage":"no"}', ": no"),
        (b"[1]", "[1]"),
        (b"oops", "oops"),
    ],
)
def test_an_error_reads_as_type_and_message(payload: bytes, text: str) -> None:
    assert error_text(payload) == text
