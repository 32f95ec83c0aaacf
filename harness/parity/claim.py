"""Claim about AWS, and whether what was measured agrees with it.

Pure. A claim says in one phrase what AWS does, where that is recorded, and how it is measured; what AWS does is a
value as JSON has them, in which `<...>` stand for what varies from call to call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from harness.parity.shapes import differences, seen_as, short

if TYPE_CHECKING:
    from harness.parity.doors import Doors

NAMED = 4
"""Differences of one result that its text names; the value has them all."""

Measure: TypeAlias = "Callable[[Doors], object]"


@dataclass(frozen=True, slots=True)
class Claim:
    """One behaviour of AWS: `says` is the phrase, `rows` the ids of docs/aws-rows.csv, `aws` what AWS shows."""

    says: str
    area: str
    rows: tuple[str, ...]
    aws: object
    measure: Measure


class Area:
    """The claims about one part of AWS, in the order in which they are written."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._claims: list[Claim] = []

    @property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(self._claims)

    def claim(self, says: str, *rows: str, aws: object) -> Callable[[Measure], Measure]:
        """Makes the function that measures a claim of this area: what it returns is compared with `aws`."""

        def add(measure: Measure) -> Measure:
            self._claims.append(Claim(says, self.name, rows, aws, measure))
            return measure

        return add


class Mark(Enum):
    """How what a backend shows stands to AWS."""

    AS_AWS = "as AWS"
    DIFFERS = "differs"
    NOT_CARRIED = "not carried"


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What a backend shows of one claim: a value to compare, and one line that says it."""

    mark: Mark
    shows: object
    text: str


def found(claim: Claim, measured: object) -> ClaimResult:
    """The result for what was measured; its text names the parts that differ from AWS."""
    shows = seen_as(measured, claim.aws)
    differing = tuple(differences(claim.aws, shows))
    if not differing:
        return ClaimResult(Mark.AS_AWS, shows, short(shows))
    more = len(differing) - NAMED
    return ClaimResult(
        Mark.DIFFERS, shows, "; ".join((*differing[:NAMED], *([f"{more} more"] if more > 0 else ())))
    )


def not_answered(why: str) -> ClaimResult:
    """The result for a claim that could not be measured to its end."""
    return ClaimResult(Mark.DIFFERS, {"error": why}, short(why))


def not_carried(why: str) -> ClaimResult:
    """The result where the backend has not what the claim is about."""
    return ClaimResult(Mark.NOT_CARRIED, None, short(why))
