"""EventBridge: events that are put, and schedules that fall due, reach the targets of the rules that match.

Buses, rules and targets are moto's to keep; what follows from an event is ours. Functions are invoked
asynchronously; queues, topics and other buses get their message.
"""

import logging
from collections.abc import Callable, Mapping
from random import Random
from typing import TypeAlias
from uuid import UUID

import orjson

from harness.clock import Clock
from harness.emulator.aws_api.errors import aws_error, not_emulated
from harness.emulator.aws_api.requests import AwsCall
from harness.emulator.aws_api.timestamps import iso_seconds
from harness.emulator.events.envelope import (
    LARGEST_EVENT,
    MOST_ENTRIES,
    Event,
    Origin,
    RefusedEntry,
    event_of,
    scheduled_event,
    size_of,
)
from harness.emulator.events.rules import Rule, Target, is_event_bus, problem_of_target, rules_of
from harness.emulator.events.schedules import (
    InvalidSchedule,
    ScheduleNotEmulated,
    parse_schedule,
)
from harness.emulator.events.target_input import input_of
from harness.emulator.events.timetable import Timetable
from harness.emulator.lambda_runtime.outcome import Cause, Functions, NoSuchFunction
from harness.emulator.letters import Letter, MessageAttribute, service_of
from harness.emulator.matching.event_pattern import InvalidPattern, matches, parse_pattern
from harness.emulator.moto_services import AsksMoto
from harness.emulator.port.http import MaybeLater, Request, Response, json_response

log = logging.getLogger(__name__)

Body: TypeAlias = Mapping[str, object]

_NOT_EMULATED = ("Archive", "Replay", "ApiDestination", "Connection", "Endpoint", "Partner", "EventSource")


class EventBridge:
    """Answers the requests for the service `events`.

    What is refused is a response with EventBridge's name for the error; an entry that is refused keeps no other one
    of its request from its targets.
    """

    def __init__(
        self,
        *,
        moto: AsksMoto,
        functions: Functions,
        send: Callable[[Letter], None],
        clock: Clock,
        random: Random,
        account: str,
    ) -> None:
        """`send` delivers to queues and topics."""
        self._moto, self._functions, self._send = moto, functions, send
        self._clock, self._random, self._account = clock, random, account
        self._timetable = Timetable(clock, self._fall_due)

    def answer(self, call: AwsCall, request: Request) -> MaybeLater:
        """The answer to a signed request; 501 with its name for what is not emulated."""
        body = _body(request.body)
        if any(word in call.operation for word in _NOT_EMULATED):
            return not_emulated("events", call.operation)
        match call.operation:
            case "PutEvents":
                return self._put_events(call.region, body)
            case "TestEventPattern":
                return _test_event_pattern(body)
            case "PutTargets":
                return _targets_problem(body) or self._moto.answer(call, request)
            case "PutRule":
                return _rule_problem(body) or self._changing(call, request)
            case "EnableRule" | "DisableRule" | "DeleteRule":
                return self._changing(call, request)
        return self._moto.answer(call, request)

    async def close(self) -> None:
        """No schedule falls due any more."""
        self._timetable.close()

    # --- events -------------------------------------------------------------------------------------------

    def _put_events(self, region: str, body: Body) -> Response:
        entries = body.get("Entries")
        entries = [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
        if not 1 <= len(entries) <= MOST_ENTRIES:
            bound = "greater than or equal to 1" if not entries else f"less than or equal to {MOST_ENTRIES}"
            return _invalid(
                f"1 validation error detected: Value at 'entries' failed to satisfy constraint: "
                f"Member must have length {bound}"
            )
        if sum(map(size_of, entries)) > LARGEST_EVENT:
            return _invalid("Total size of the entries in the request is over the limit.")
        results = [self._put_event(region, entry) for entry in entries]
        failed = sum("ErrorCode" in result for result in results)
        return _json({"FailedEntryCount": failed, "Entries": results})

    def _put_event(self, region: str, entry: Body) -> Body:
        event_id = self._uuid()
        event = event_of(entry, self._origin(region), event_id=event_id)
        if isinstance(event, RefusedEntry):
            return {"ErrorCode": event.code, "ErrorMessage": event.message}
        bus = str(entry.get("EventBusName") or "default")
        rules = rules_of(region, bus)
        if rules is None:
            # An event for a bus that is not there is accepted, and lost.
            log.warning("event %s is lost: there is no event bus %s", event_id, bus)
        for rule in rules or ():
            if rule.matches(event):
                self._tell(rule, event, forwarded=False)
        return {"EventId": event_id}

    def _tell(self, rule: Rule, event: Event, *, forwarded: bool) -> None:
        for target in rule.targets:
            if is_event_bus(target.arn):
                if not forwarded:  # an event that came from another bus goes to no third one
                    self._forward(target, event)
                continue
            now = iso_seconds(self._clock.time())
            text = input_of(event, target.input, rule=rule.name, ingested_at=now)
            self._deliver(rule, target, text, event_id=str(event["id"]))

    def _forward(self, target: Target, event: Event) -> None:
        region = target.arn.split(":")[3]
        for rule in rules_of(region, target.arn) or ():
            if rule.matches(event):
                self._tell(rule, event, forwarded=True)

    def _deliver(self, rule: Rule, target: Target, text: str, *, event_id: str) -> None:
        match service_of(target.arn):
            case "lambda":
                cause = Cause(messages=(event_id,))
                outcome = self._functions.invoke_event(target.arn, text.encode(), cause=cause)
                if isinstance(outcome, NoSuchFunction):
                    self._undelivered(rule, target, text, event_id=event_id)
            case _:
                group = target.message_group
                self._send(Letter(target.arn, text, message_group=group, origin=event_id))

    def _undelivered(self, rule: Rule, target: Target, text: str, *, event_id: str) -> None:
        """A target that is not there is not tried again; its dead-letter queue, if any, is told at once."""
        log.warning("rule %s: there is no target %s", rule.name.name, target.arn)
        if not target.dead_letter_queue:
            return
        told = {
            "RULE_ARN": rule.name.arn,
            "TARGET_ARN": target.arn,
            "ERROR_CODE": "NO_RESOURCE",
            "ERROR_MESSAGE": f"Function not found: {target.arn}",
        }
        attributes = {name: MessageAttribute("String", value) for name, value in told.items()}
        self._send(Letter(target.dead_letter_queue, text, attributes, origin=event_id))

    # --- schedules ----------------------------------------------------------------------------------------

    async def _changing(self, call: AwsCall, request: Request) -> Response:
        response = await self._moto.answer(call, request)
        scheduled = {rule.name.arn: rule.schedule for rule in self._rules(call.region) if rule.schedule}
        self._timetable.follow(call.region, scheduled)
        return response

    def _fall_due(self, region: str, rule_arn: str) -> None:
        event = scheduled_event(rule_arn, self._origin(region), event_id=self._uuid())
        for rule in self._rules(region):
            if rule.name.arn == rule_arn:
                self._tell(rule, event, forwarded=False)

    def _rules(self, region: str) -> tuple[Rule, ...]:
        """Those of the default bus, which alone has schedules."""
        return rules_of(region, "default") or ()

    def _origin(self, region: str) -> Origin:
        return Origin(self._account, region, self._clock.time())

    def _uuid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


# --- requests that are refused, or answered without anything else ---------------------------------------------


def _targets_problem(body: Body) -> Response | None:
    targets = body.get("Targets")
    for target in targets if isinstance(targets, list) else []:
        problem = problem_of_target(target) if isinstance(target, dict) else None
        if problem is not None:
            return not_emulated("events", f"PutTargets with {problem}")
    return None


def _rule_problem(body: Body) -> Response | None:
    pattern, schedule = body.get("EventPattern"), body.get("ScheduleExpression")
    try:
        if isinstance(pattern, str) and pattern:
            parse_pattern(pattern)
        if isinstance(schedule, str) and schedule:
            parse_schedule(schedule)
    except InvalidPattern as invalid:
        return _invalid_pattern(invalid)
    except InvalidSchedule as invalid:
        return _invalid(f"Parameter ScheduleExpression is not valid. Reason: {invalid}.")
    except ScheduleNotEmulated as missing:
        return not_emulated("events", f"PutRule with {missing}")
    return None


def _test_event_pattern(body: Body) -> Response:
    try:
        pattern = parse_pattern(str(body.get("EventPattern", "")))
        event = orjson.loads(str(body.get("Event", "")))
    except InvalidPattern as invalid:
        return _invalid_pattern(invalid)
    except orjson.JSONDecodeError:
        event = None
    if not isinstance(event, dict):
        return _invalid("Parameter Event is not valid.")
    return _json({"Result": matches(pattern, event)})


def _invalid_pattern(invalid: InvalidPattern) -> Response:
    message = f"Event pattern is not valid. Reason: {invalid}"
    return aws_error("events", 400, "InvalidEventPatternException", message)


def _invalid(message: str) -> Response:
    return aws_error("events", 400, "ValidationException", message)


def _json(body: object) -> Response:
    return json_response(200, orjson.dumps(body))


def _body(content: bytes) -> Body:
    """The request's JSON object; an empty one where moto will say what is wrong with it."""
    try:
        body = orjson.loads(content or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
