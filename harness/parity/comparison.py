"""Comparison of what backends show of the same claims, how they stand to AWS, and what a script is told.

Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import ExitCode
from harness.parity.claim import Claim, ClaimResult, Mark


@dataclass(frozen=True, slots=True)
class Column:
    """What one backend shows of each claim, in the claims' order.

    `parts` says where each part of AWS was; `left` what could not be deleted there afterwards, "" for nothing.
    """

    name: str
    endpoint: str
    parts: Mapping[str, str]
    results: tuple[ClaimResult, ...]
    left: str = ""

    def count(self, mark: Mark) -> int:
        """How many claims have this mark."""
        return sum(result.mark is mark for result in self.results)

    @property
    def summary(self) -> str:
        """`embedded: 70 of 70 claims as AWS`, and what else there is."""
        carried = len(self.results) - self.count(Mark.NOT_CARRIED)
        told = [f"{self.name}: {self.count(Mark.AS_AWS)} of {carried} claims as AWS"]
        told += [f"{self.count(Mark.DIFFERS)} differ"] if self.count(Mark.DIFFERS) else []
        told += [f"{self.count(Mark.NOT_CARRIED)} not carried"] if self.count(Mark.NOT_CARRIED) else []
        return ", ".join(told)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The claims, and a column for each backend."""

    claims: tuple[Claim, ...]
    columns: tuple[Column, ...]

    def rows(self) -> Iterator[tuple[Claim, tuple[ClaimResult, ...]]]:
        """Each claim with what every backend shows: those that differ somewhere first, then those not carried."""
        results = zip(*(column.results for column in self.columns), strict=True)
        rows = list(zip(self.claims, results, strict=True))
        return iter(sorted(rows, key=lambda row: _rank(row[1])))

    @property
    def exit_code(self) -> ExitCode:
        """FAIL when anything differs from AWS, UNKNOWN when a backend carries no claim at all, else PASS."""
        if any(column.count(Mark.DIFFERS) for column in self.columns):
            return ExitCode.FAIL
        if not self.claims or any(column.count(Mark.AS_AWS) == 0 for column in self.columns):
            return ExitCode.UNKNOWN
        return ExitCode.PASS


def _rank(results: Sequence[ClaimResult]) -> int:
    marks = {result.mark for result in results}
    return 0 if Mark.DIFFERS in marks else 1 if Mark.NOT_CARRIED in marks else 2


def as_json(comparison: Comparison) -> dict[str, object]:
    """The comparison for machines; claims in their own order."""
    return {
        "as_aws": comparison.exit_code is ExitCode.PASS,
        "backends": [
            {
                "name": column.name,
                "endpoint": column.endpoint,
                "parts": dict(column.parts),
                **{mark.value: column.count(mark) for mark in Mark},
                "left": column.left,
            }
            for column in comparison.columns
        ],
        "claims": [
            {
                "claim": claim.says,
                "area": claim.area,
                "rows": list(claim.rows),
                "aws": claim.aws,
                "shown": {column.name: _result(column.results[number]) for column in comparison.columns},
            }
            for number, claim in enumerate(comparison.claims)
        ],
    }


def _result(result: ClaimResult) -> dict[str, object]:
    return {"mark": result.mark.value, "shows": result.shows, "text": result.text}
