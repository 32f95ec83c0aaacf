"""A small chat whose handlers a test chooses, and what the checks say of it."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.checks.verdict import ScenarioResult, Verdict
from harness.live import LiveStack, live_stack
from harness.scenario.behaviour import DynamoDbBehaviour
from harness.scenario.feed import Feed
from harness.stack.model import Api, ConnectionId, Connections, Function, Index, Route, Stack, Table, Topic

collect_ignore_glob = ["*.yaml"]  # scenarios of this chat, which nobody else can play

HERE = Path(__file__).resolve().parent
PACKAGES = HERE.parents[1] / "contract/sdk/node_modules"


@dataclass(frozen=True, slots=True)
class Told:
    """What a user is told: the checks that are not green, and their findings in words."""

    red: frozenset[str]
    findings: tuple[str, ...]


Play = Callable[..., Told]
Running = Callable[..., AbstractContextManager[LiveStack]]


def a_stack(
    *,
    fan_out: str = "app.fan_out",
    connect: str = "app.connect",
    environment: Mapping[str, str] | None = None,
) -> Stack:
    """The chat with these handlers; those of Node are written `app.mjs:name`."""
    variables = {"TABLE": "${tables.rooms.name}", "API": "${api.management_endpoint}", **(environment or {})}
    node = fan_out.startswith("app.mjs:")
    code = {"code": HERE, "environment": variables, "timeout": 30.0}
    return Stack(
        name="classic",
        tables={
            "rooms": Table(
                name="Rooms", hash_key="id", ttl="expireAt", indexes={"ByChannel": Index(hash_key="channel")}
            )
        },
        topics={"news": Topic(name="News")},
        functions={
            "connect": Function(handler=connect, **code),
            "disconnect": Function(handler="app.disconnect", prewarm=0, **code),
            "fan_out": Function(
                handler=fan_out.replace(".mjs:", "."),
                runtime="nodejs22.x" if node else "python3.11",
                subscribed_to=("news",),
                **code,
            ),
        },
        api=Api(
            name="classic",
            routes={"$connect": Route(function="connect"), "$disconnect": Route(function="disconnect")},
        ),
        dynamodb=DynamoDbBehaviour(ttl_delay=0.0),
        connections=Connections(table="rooms", connection_id=ConnectionId(attribute="id")),
        feed=Feed.model_validate(
            {"channels": [{"channel": "{channel}"}], "connect_channels": {"channel": "{channel}"}}
        ),
    )


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Running:
    """The chat on an emulator of its own; skips where it needs a Node that is not there."""

    @contextmanager
    def run(**handlers: object) -> Iterator[LiveStack]:
        if str(handlers.get("fan_out", "")).startswith("app.mjs:"):
            if shutil.which("node") is None:
                pytest.skip("node is not installed")
            if not (PACKAGES / "aws-sdk").is_dir():
                pytest.skip("run `npm ci` in tests/contract/sdk")
            monkeypatch.setenv("FANOUT_HARNESS_NODE_MODULES", str(PACKAGES))
        with live_stack(a_stack(**handlers)) as stack:  # type: ignore[arg-type]  # as a_stack takes them
            yield stack

    return run


@pytest.fixture
def play(running: Running, tmp_path: Path) -> Play:
    """Plays a scenario of this folder, or another file, with the handlers that the test chooses."""

    def played(scenario: str | Path, **handlers: object) -> Told:
        with running(**handlers) as stack:
            return told(stack.play(HERE / scenario, stack.new_run_folder(tmp_path / "runs")))

    return played


def told(result: ScenarioResult) -> Told:
    red = [check for check in result.results if check.verdict is not Verdict.PASS]
    findings = tuple(finding.what for check in red for finding in check.findings)
    return Told(frozenset(check.check for check in red), findings)
