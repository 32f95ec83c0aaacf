"""Functions sign with the credentials of their environments, and a verifying emulator believes them (M-8, M-13)."""

import asyncio
import json
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from harness.backends.embedded import EmbeddedBackend
from harness.stack.loader import load_stack
from harness.testbed import deploy
from tests.patience import WAIT

STACK = Path(__file__).resolve().parents[3] / "stack.yaml"
TRADE = {"type": "trade", "market": "BTC-PERP", "price": "1"}


@pytest.mark.aws("M-8", "M-13")
def test_posts_that_the_exchanges_own_functions_sign_are_taken() -> None:
    async def scenario() -> None:
        stack = load_stack(STACK)
        async with EmbeddedBackend(region=stack.region, verify_signatures=True) as backend:
            testbed = await deploy(stack, backend)
            url = f"{testbed.deployment.url}?market=BTC-PERP"
            async with connect(url, open_timeout=WAIT) as client:
                sns = testbed.sns_client()
                await asyncio.to_thread(
                    sns.publish,
                    TopicArn=testbed.deployment.topic_arn("market_updates"),
                    Message=json.dumps(TRADE),
                )
                message = json.loads(await asyncio.wait_for(client.recv(), WAIT))
            assert message == TRADE

    asyncio.run(asyncio.wait_for(scenario(), WAIT))
