"""The page about backends: what it says of AWS is what the harness does there."""

import json
import re
from pathlib import Path

from harness.backends.aws.choice import Caps
from harness.backends.aws.grants import OPERATIONS

PAGE = (Path(__file__).resolve().parents[2] / "docs/backends.md").read_text()


def test_the_policy_allows_what_is_called_and_nothing_else() -> None:
    (policy,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    allowed = [action for one in json.loads(policy)["Statement"] for action in one["Action"]]
    # GetCallerIdentity needs no permission.
    assert sorted(allowed) == sorted(
        f"{service}:{operation}" for service, operation in OPERATIONS if service != "sts"
    )


def test_the_default_caps_are_those_of_the_page() -> None:
    told = dict(re.findall(r"^\| `--max-(\w+)` \| ([\d,.]+) \|", PAGE, re.MULTILINE))
    caps = Caps()
    assert told == {
        "connections": f"{caps.connections:,}",
        "events": f"{caps.events:,}",
        "cost": f"{caps.usd:.2f}",
    }
