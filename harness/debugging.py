"""Debugging: which function stops at its breakpoints, and how everybody else is patient with it."""

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from harness.emulator.lambda_runtime.debugging import PATIENCE, Debugging
from harness.errors import UsageError
from harness.scenario.behaviour import Quotas, ScenarioGateway
from harness.stack.model import Api, Stack

if TYPE_CHECKING:
    from harness.scenario.model import Scenario


@dataclass(frozen=True, slots=True)
class AskedToDebug:
    """What the command line said: `function` is a name or "", `port` 0 where none was given.

    `terminal` is the device of standard input, "" where that is none.
    """

    function: str = ""
    port: int = 0
    waits: bool = False
    terminal: str = ""


def debugging_of(asked: AskedToDebug | None, stack: Stack | None) -> Debugging | None:
    """What the emulator is told; UsageError when there is no such function, or nowhere to stop."""
    if asked is None:
        return None
    name, runtimes = _function(asked.function, stack)
    python = any(runtime.startswith("python") for runtime in runtimes)
    if python and asked.port and find_spec("debugpy") is None:
        raise UsageError(
            f"--debug-listen: {sys.executable} has no debugpy, which IDEs attach to: pip install debugpy"
        )
    if python and not asked.port and not asked.terminal:
        raise UsageError(
            "--debug: a breakpoint stops in the terminal, and standard input is none; start it in a terminal, or "
            "let an IDE attach with --debug FUNCTION --debug-listen PORT"
        )
    if asked.waits and python and not asked.port:
        raise UsageError(
            "--debug-wait: a function in Python waits for an IDE, so it needs --debug-listen PORT"
        )
    return Debugging(name, asked.terminal, asked.port, asked.waits)


def _function(asked: str, stack: Stack | None) -> tuple[str, tuple[str, ...]]:
    """The name in AWS, "" for all, and the runtimes that are debugged."""
    functions = {} if stack is None else stack.functions
    if not asked:
        return "", tuple(function.runtime for function in functions.values())
    for name, function in functions.items():
        assert stack is not None
        if asked in (name, stack.function_name(name)):
            return stack.function_name(name), (function.runtime,)
    raise UsageError(
        f"--debug {asked}: no function of the stack is called so; there are {', '.join(functions) or 'none'} "
        "(scenarios stand before --debug)"
    )


def patient_stack(stack: Stack) -> Stack:
    """The stack with a gateway that waits for its integrations."""
    return stack.model_copy(update={"api": _patient_api(stack.api)})


def _patient_api(api: Api) -> Api:
    return api.model_copy(update={"quotas": _patient_quotas(api.quotas)})


def _patient_quotas(quotas: Quotas) -> Quotas:
    said = quotas.model_dump(exclude_unset=True)
    return Quotas.model_validate(said | {"integration_timeout": PATIENCE})


def patient_scenario(scenario: "Scenario") -> "Scenario":
    """The scenario with all the time it takes to settle."""
    gateway: ScenarioGateway = scenario.gateway
    patient = gateway.model_copy(update={"quotas": _patient_quotas(gateway.quotas)})
    return scenario.model_copy(update={"gateway": patient, "settle": PATIENCE})
