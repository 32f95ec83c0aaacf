"""Rules and their targets: moto's control plane, read as deliveries need it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.emulator.events.target_input import RuleName, TargetInput
from harness.emulator.letters import service_of
from harness.emulator.matching.event_pattern import Pattern, matches
from harness.emulator.moto_services import backend_of

_TARGETS = ("lambda", "sqs", "sns")
_NOT_EMULATED = (
    "EcsParameters",
    "BatchParameters",
    "KinesisParameters",
    "RunCommandParameters",
    "HttpParameters",
    "RedshiftDataParameters",
    "SageMakerPipelineParameters",
    "AppSyncParameters",
)


@dataclass(frozen=True, slots=True)
class Target:
    """Who is told, what of the event, and where it goes when that cannot be: ARNs, "" for no such queue.

    `message_group` is for FIFO queues.
    """

    arn: str
    input: TargetInput
    dead_letter_queue: str = ""
    message_group: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """An enabled rule: `pattern` is None for one that only has a `schedule`, which is "" for one that has none."""

    name: RuleName
    pattern: Pattern | None
    schedule: str
    targets: tuple[Target, ...]

    def matches(self, event: Mapping[str, object]) -> bool:
        """Whether the event is one for the rule's targets."""
        return self.pattern is not None and matches(self.pattern, event)


def rules_of(region: str, bus: str) -> tuple[Rule, ...] | None:
    """The enabled rules of an event bus, by its name or ARN; None when there is no such bus."""
    backend: Any = backend_of("events", region)
    name = bus_name(bus)
    if backend is None or name not in backend.event_buses:
        return None
    every = list(backend.event_buses[name].rules.values())
    return tuple(_rule(one) for one in every if one.state != "DISABLED")


def bus_name(name_or_arn: str) -> str:
    """The name of an event bus; an ARN ends in it."""
    return name_or_arn.partition(":event-bus/")[2] or name_or_arn


def is_event_bus(arn: str) -> bool:
    """Whether a target is another event bus."""
    return service_of(arn) == "events" and ":event-bus/" in arn


def problem_of_target(target: Mapping[str, object]) -> str | None:
    """What of a target is not emulated, by name; None when all of it is."""
    arn = str(target.get("Arn", ""))
    if not arn.startswith("arn:"):
        return None  # moto says that it is no ARN
    if service_of(arn) not in _TARGETS and not is_event_bus(arn):
        return f"a rule's target {arn}"
    for name in _NOT_EMULATED:
        if target.get(name):
            return name
    return None


def _rule(rule: Any) -> Rule:
    has_pattern = rule.event_pattern.dump() is not None
    return Rule(
        name=RuleName(rule.arn, rule.name),
        pattern=rule.event_pattern.get_pattern() if has_pattern else None,
        schedule=rule.scheduled_expression or "",
        targets=tuple(_target(one) for one in list(rule.targets)),
    )


def _target(target: Mapping[str, Any]) -> Target:
    transformer = target.get("InputTransformer") or {}
    return Target(
        arn=target["Arn"],
        input=TargetInput(
            constant=target.get("Input") or None,
            path=target.get("InputPath") or None,
            template=transformer.get("InputTemplate"),
            paths=transformer.get("InputPathsMap") or {},
        ),
        dead_letter_queue=(target.get("DeadLetterConfig") or {}).get("Arn") or "",
        message_group=(target.get("SqsParameters") or {}).get("MessageGroupId") or "",
    )
