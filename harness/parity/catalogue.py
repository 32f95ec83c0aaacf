"""Catalogue of claims: every one, by area, and those that some words name."""

from collections.abc import Sequence

from harness.errors import UsageError
from harness.parity.claim import Claim
from harness.parity.claims.closing import CLOSING
from harness.parity.claims.connections import CONNECTIONS
from harness.parity.claims.control_plane import CONTROL_PLANE
from harness.parity.claims.events import EVENTS
from harness.parity.claims.filter_policies import FILTER_POLICIES
from harness.parity.claims.global_indexes import GLOBAL_INDEXES
from harness.parity.claims.gone import GONE
from harness.parity.claims.handshake import HANDSHAKE
from harness.parity.claims.routing import ROUTING
from harness.parity.claims.sns import SNS
from harness.parity.claims.time_to_live import TIME_TO_LIVE

AREAS = (
    CONTROL_PLANE,
    HANDSHAKE,
    EVENTS,
    ROUTING,
    CONNECTIONS,
    GONE,
    CLOSING,
    SNS,
    FILTER_POLICIES,
    TIME_TO_LIVE,
    GLOBAL_INDEXES,
)
CLAIMS = tuple(claim for area in AREAS for claim in area.claims)


def claims_named(words: Sequence[str]) -> tuple[Claim, ...]:
    """The claims whose area, phrase or rows have one of the words; all without words; UsageError for none."""
    wanted = tuple(claim for claim in CLAIMS if not words or any(_has(claim, word) for word in words))
    if not wanted:
        areas = ", ".join(dict.fromkeys(claim.area for claim in CLAIMS))
        raise UsageError(f"no claim has {' or '.join(map(repr, words))} in it; the areas are {areas}")
    return wanted


def _has(claim: Claim, word: str) -> bool:
    return word in claim.rows or word.lower() in f"{claim.area} {claim.says}".lower()
