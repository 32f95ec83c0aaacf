import pytest

from harness.emulator.lambda_runtime.outcome import RequestId
from harness.emulator.lambda_runtime.payloads import MAXIMUM_RESPONSE_SIZE
from harness.emulator.lambda_runtime.runtime_api import (
    AskedNext,
    Failed,
    FailedToInitialise,
    Invocation,
    Reply,
    Responded,
    RespondedTooMuch,
    RuntimeSession,
)

ROOT = "/2018-06-01/runtime"
NEXT = f"{ROOT}/invocation/next"
INVOCATION = Invocation(RequestId("r-1"), b'{"a":1}', 1_700_000_003_000, "arn:f", "Root=1-a-b")
ACCEPTED = Reply(202, b'{"status":"OK"}\n')


def a_running_session() -> RuntimeSession:
    session = RuntimeSession()
    session.receive("GET", NEXT, b"")
    session.hand(INVOCATION)
    return session


@pytest.mark.aws("L-40")
def test_next_waits_and_is_answered_with_the_invocation() -> None:
    session = RuntimeSession()
    assert session.receive("GET", NEXT, b"") == (None, AskedNext())
    assert session.hand(INVOCATION) == Reply(
        200,
        b'{"a":1}',
        (
            ("Lambda-Runtime-Aws-Request-Id", "r-1"),
            ("Lambda-Runtime-Deadline-Ms", "1700000003000"),
            ("Lambda-Runtime-Invoked-Function-Arn", "arn:f"),
            ("Lambda-Runtime-Trace-Id", "Root=1-a-b"),
        ),
    )


@pytest.mark.aws("L-41")
def test_a_response_ends_the_invocation_and_next_may_be_asked_again() -> None:
    session = a_running_session()
    assert session.receive("POST", f"{ROOT}/invocation/r-1/response", b"null") == (
        ACCEPTED,
        Responded(b"null"),
    )
    assert session.receive("GET", NEXT, b"") == (None, AskedNext())


@pytest.mark.aws("L-42")
def test_an_error_ends_the_invocation() -> None:
    session = a_running_session()
    assert session.receive("POST", f"{ROOT}/invocation/r-1/error", b"{}") == (ACCEPTED, Failed(b"{}"))


@pytest.mark.aws("L-42")
def test_a_failed_init_is_accepted() -> None:
    session = RuntimeSession()
    assert session.receive("POST", f"{ROOT}/init/error", b"{}") == (ACCEPTED, FailedToInitialise(b"{}"))


@pytest.mark.aws("L-41", "L-10")
def test_a_response_over_the_limit_is_refused_and_ends_the_invocation() -> None:
    body = b"x" * (MAXIMUM_RESPONSE_SIZE + 1)
    refusal = Reply(
        413,
        b'{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).",'
        b'"errorType":"RequestEntityTooLarge"}\n',
    )
    session = a_running_session()
    assert session.receive("POST", f"{ROOT}/invocation/r-1/response", body) == (refusal, RespondedTooMuch())


@pytest.mark.aws("L-43")
def test_another_request_id_is_invalid() -> None:
    refusal = Reply(400, b'{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}\n')
    session = a_running_session()
    assert session.receive("POST", f"{ROOT}/invocation/r-2/response", b"{}") == (refusal, None)


@pytest.mark.parametrize(
    ("session", "method", "path", "transition"),
    [
        pytest.param(a_running_session(), "GET", NEXT, "Running to Ready", id="next without a response"),
        pytest.param(
            a_running_session(),
            "POST",
            f"{ROOT}/init/error",
            "Running to InitError",
            id="init error too late",
        ),
    ],
)
@pytest.mark.aws("L-43")
def test_a_step_out_of_order_is_an_invalid_transition(
    session: RuntimeSession, method: str, path: str, transition: str
) -> None:
    message = f"State transition from {transition} failed for runtime. Error: State transition is not allowed"
    refusal = Reply(403, f'{{"errorMessage":"{message}","errorType":"InvalidStateTransition"}}\n'.encode())
    assert session.receive(method, path, b"") == (refusal, None)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"{ROOT}/restore/next"), ("PUT", NEXT), ("POST", f"{ROOT}/invocation/r-1/else"), ("POST", "/")],
)
def test_another_path_is_not_found(method: str, path: str) -> None:
    assert a_running_session().receive(method, path, b"") == (Reply(404, b"404 page not found\n"), None)


def test_an_invocation_for_a_runtime_that_is_not_ready_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="Started and not Ready"):
        RuntimeSession().hand(INVOCATION)
