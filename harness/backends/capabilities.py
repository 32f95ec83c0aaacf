"""Which parts of a stack can an endpoint carry? Pure: from what it answered to a placement."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from harness.backends.backend import HERE
from harness.errors import BackendError

PARTS: Mapping[str, str] = MappingProxyType(
    {"tables": "dynamodb", "topics": "sns", "API": "apigatewayv2", "functions": "lambda"}
)
"""The parts of a stack, and the service that each needs, in the order of reports."""

APART = ("tables", "topics")
"""The parts that can be elsewhere while API and functions are here."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What an endpoint said of itself: its name (`LocalStack 4.3.0`), and of each service why it is not there.

    `missing` holds the services that refused a harmless call, with what they answered; those that answered it are
    in `there`. `is_localstack` also means that its functions find it by themselves.
    """

    url: str
    name: str
    there: frozenset[str]
    missing: Mapping[str, str]
    is_localstack: bool = False

    @property
    def place(self) -> str:
        """How reports tell where something is."""
        return f"{self.name} at {self.url}"


@dataclass(frozen=True, slots=True)
class Full:
    """Everything is deployed to the endpoint."""

    answers: Answers

    @property
    def parts(self) -> Mapping[str, str]:
        return dict.fromkeys(PARTS, self.answers.place)


@dataclass(frozen=True, slots=True)
class Hybrid:
    """The `services` are the endpoint's; everything else is here."""

    answers: Answers
    services: tuple[str, ...]

    @property
    def parts(self) -> Mapping[str, str]:
        return {
            part: self.answers.place if service in self.services else HERE for part, service in PARTS.items()
        }


Placement: TypeAlias = Full | Hybrid


def place(answers: Answers, *, hybrid: bool) -> Placement:
    """Everything there, when API and functions can be there and `hybrid` does not keep them here; else hybrid.

    BackendError names what is missing when nothing of a stack can be there.
    """
    if not hybrid and answers.there.issuperset(PARTS.values()):
        return Full(answers)
    services = tuple(PARTS[part] for part in APART if PARTS[part] in answers.there)
    if not services:
        said = "; ".join(f"{service}: {answers.missing.get(service, 'not asked')}" for service in map(PARTS.get, APART))
        raise BackendError(
            f"{answers.place} has neither tables nor topics, so nothing of a stack can be there ({said})"
        )
    return Hybrid(answers, services)
