"""Log of invocations: what is noted of each, and the lines that its function and Lambda write."""

from datetime import UTC, datetime

from harness.clock import Clock
from harness.emulator.journal import Note
from harness.emulator.lambda_runtime.deployed_function import Queued
from harness.emulator.lambda_runtime.execution_environment import ExecutionEnvironment
from harness.emulator.lambda_runtime.function_log import end_line, report_line, start_line
from harness.emulator.lambda_runtime.log_book import LogBook
from harness.emulator.lambda_runtime.memory import megabytes_used
from harness.emulator.lambda_runtime.outcome import FunctionError, Outcome, RequestId, Returned
from harness.emulator.lambda_runtime.payloads import Exited, Failure, TimedOut, error_text, failure_payload
from harness.record.observation import FunctionLogged, InvocationEnded, InvocationStarted, PlatformLogged


class InvocationLog:
    """Notes invocations and keeps all lines in `book`. For each invocation: `began`, perhaps `reported`, `ended`."""

    def __init__(self, *, clock: Clock, note: Note) -> None:
        self.book = LogBook()
        self._clock, self._note = clock, note

    def wrote(self, function: str, line: str, request: RequestId | None) -> None:
        """A line of the function's own; `request` is None outside of invocations."""
        self._note(FunctionLogged(self._clock.monotonic(), function, line, request))
        self.book.add(function, line, request, at=self._clock.time())

    def began(self, queued: Queued, *, cold: bool) -> None:
        """An environment takes the invocation, or would have, had its INIT not failed."""
        function, cause = queued.deployed.function, queued.cause
        self._note(
            InvocationStarted(
                self._clock.monotonic(),
                queued.request,
                function.name,
                cold,
                cause.connection,
                cause.route,
                cause.messages,
                cause.caller,
            )
        )
        self._platform_wrote(function.name, start_line(queued.request, function.version), queued.request)

    def reported(
        self,
        environment: ExecutionEnvironment,
        request: RequestId,
        result: bytes | Failure,
        *,
        duration: float,
        cold: bool,
    ) -> None:
        """Lambda's own account of an invocation that ran for `duration` seconds in the environment."""
        function = environment.function
        report = report_line(
            request,
            duration=duration,
            memory_size=function.memory_size,
            memory_used=megabytes_used(environment.most_memory, function.memory_size),
            init_duration=environment.init_duration if cold else None,
            status=_status(result),
        )
        lines = [end_line(request), report]
        if isinstance(result, TimedOut):
            at = datetime.fromtimestamp(self._clock.time(), UTC).isoformat(timespec="milliseconds")
            lines.append(f"{at[:-6]}Z {request} Task timed out after {result.seconds:.2f} seconds")
        for line in lines:
            self._platform_wrote(function.name, line, request)

    def ended(self, queued: Queued, result: bytes | Failure) -> Outcome:
        """The invocation is over; gives what its caller is told."""
        outcome: Outcome
        if isinstance(result, bytes):
            outcome, error = Returned(queued.request, result), None
        else:
            payload = failure_payload(result, queued.request)
            outcome, error = FunctionError(queued.request, payload), error_text(payload)
        name = queued.deployed.function.name
        self._note(InvocationEnded(self._clock.monotonic(), queued.request, name, error))
        return outcome

    def _platform_wrote(self, function: str, line: str, request: RequestId) -> None:
        self._note(PlatformLogged(self._clock.monotonic(), function, line, request))
        self.book.add(function, line, request, at=self._clock.time())


def _status(result: bytes | Failure) -> str:
    if isinstance(result, TimedOut):
        return "timeout"
    return "error" if isinstance(result, Exited) else ""
