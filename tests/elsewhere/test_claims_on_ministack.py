"""What a stranger's emulator does otherwise than AWS is found, printed, and no failure of ours."""

import asyncio

from harness.backends.choice import BackendChoice, Kind
from harness.parity.catalogue import CLAIMS
from harness.parity.claim import ClaimResult, Mark
from harness.parity.measuring import measured
from harness.parity.subject import Choice, opened
from tests.backends.conftest import Endpoint
from tests.ministack import ministack

__all__ = ["ministack"]


def differing(endpoint_url: str) -> set[str]:
    """The claims that a backend does not fulfil, each of them printed."""

    async def measure() -> tuple[ClaimResult, ...]:
        choice = Choice("peer", BackendChoice(Kind.ENDPOINT, endpoint_url, named=True))
        async with opened(choice) as subject:
            return (await measured(subject, CLAIMS, lambda: None)).results

    results = dict(zip((claim.says for claim in CLAIMS), asyncio.run(measure()), strict=True))
    differing = {says: result for says, result in results.items() if result.mark is not Mark.AS_AWS}
    for says, result in differing.items():
        print(f"{result.mark.value}: {says}: {result.text}")
    return set(differing)


def test_ministack_is_told_apart_from_aws(ministack: Endpoint) -> None:
    shown = differing(ministack.url)
    areas = {claim.area for claim in CLAIMS if claim.says in shown}
    assert {"events", "routing", "disconnect", "SNS envelope"} <= areas
    assert areas.isdisjoint({"GSI", "TTL attribute"})
