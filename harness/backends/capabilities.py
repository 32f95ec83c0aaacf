"""Capabilities of an endpoint: which parts of a stack it can carry. Pure: from what it answered to a placement."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from harness.backends.backend import HERE
from harness.errors import BackendError, UsageError
from harness.stack.model import Stack

PARTS: Mapping[str, str] = MappingProxyType(
    {"tables": "dynamodb", "topics": "sns", "queues": "sqs", "API": "apigatewayv2", "functions": "lambda"}
)
"""The parts of a stack, and the service that each needs, in the order of reports."""

INDISPENSABLE = frozenset(("dynamodb", "sns", "apigatewayv2", "lambda"))
"""What an endpoint must have to carry a stack alone."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What an endpoint said of itself: its name (`LocalStack 4.3.0`), and which services it has.

    `missing` holds the services that refused a harmless call, with what they answered; those that answered it are
    in `there`. The functions of a LocalStack (`is_localstack`) find it by themselves.
    """

    url: str
    name: str
    there: frozenset[str]
    missing: Mapping[str, str]
    is_localstack: bool = False

    @property
    def where(self) -> str:
        """How reports tell where something is."""
        return f"{self.name} at {self.url}"


@dataclass(frozen=True, slots=True)
class Full:
    """Everything is deployed to the endpoint."""

    answers: Answers

    @property
    def parts(self) -> Mapping[str, str]:
        return dict.fromkeys(PARTS, self.answers.where)

    @property
    def elsewhere(self) -> Mapping[str, str]:
        """The endpoint of each service that is not here."""
        return dict.fromkeys(PARTS.values(), self.answers.url)


@dataclass(frozen=True, slots=True)
class Hybrid:
    """The `services` are the endpoint's; everything else is here."""

    answers: Answers
    services: tuple[str, ...]

    @property
    def parts(self) -> Mapping[str, str]:
        return {
            part: self.answers.where if service in self.services else HERE for part, service in PARTS.items()
        }

    @property
    def elsewhere(self) -> Mapping[str, str]:
        """The endpoint of each service that is not here."""
        return dict.fromkeys(self.services, self.answers.url)


Placement: TypeAlias = Full | Hybrid


def place(answers: Answers, *, hybrid: bool) -> Placement:
    """Everything there, when API and functions can be there and `hybrid` does not keep them here; else hybrid.

    Queues go with the topics, which deliver to them. BackendError names what is missing when nothing of a stack can
    be there.
    """
    if not hybrid and answers.there >= INDISPENSABLE:
        return Full(answers)
    apart = ("dynamodb", "sns", "sqs") if "sns" in answers.there else ("dynamodb",)
    services = tuple(service for service in apart if service in answers.there)
    if not services:
        said = "; ".join(f"{service}: {answers.missing[service]}" for service in ("dynamodb", "sns"))
        raise BackendError(
            f"{answers.where} has neither tables nor topics, so nothing of a stack can be there ({said})"
        )
    return Hybrid(answers, services)


def refuse_sources_elsewhere(stack: Stack, parts: Mapping[str, str]) -> None:
    """UsageError that names every function here whose queue or table stream would be elsewhere.

    `parts` says where each part is. Nothing tells the emulator what comes into a queue or table that is not its own.
    """
    if parts["functions"] != HERE:
        return
    read = [*_sources_elsewhere(stack, parts)]
    if read:
        raise UsageError(
            f"functions that run here read only what is here: {'; '.join(read)}; run the stack with "
            "--backend embedded, or on an endpoint that has its functions too, without --hybrid"
        )


def _sources_elsewhere(stack: Stack, parts: Mapping[str, str]) -> Iterator[str]:
    for name, function in stack.functions.items():
        if parts["queues"] != HERE:
            for queue in function.queues:
                yield f"'{name}' reads the queue '{queue.queue}' of {parts['queues']}"
        if parts["tables"] != HERE:
            for stream in function.streams:
                yield f"'{name}' reads the stream of the table '{stream.table}' of {parts['tables']}"
