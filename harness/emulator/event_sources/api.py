"""API of event source mappings: Create, Get, List, Update, Delete, and their tags; requests in, answers out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Protocol, TypeAlias

import orjson

from harness.clock import Clock
from harness.emulator.event_sources.event_sources import EventSources, Kept
from harness.emulator.event_sources.mapping import EventSourceMapping, State
from harness.emulator.event_sources.mapping_json import (
    already_there,
    changed_mapping,
    format_mapping,
    in_use,
    new_mapping,
    no_mapping,
)
from harness.emulator.lambda_runtime.api_error import ApiError, not_implemented
from harness.emulator.lambda_runtime.function import FunctionConfiguration, function_arn
from harness.emulator.lambda_runtime.identifiers import request_id
from harness.emulator.lambda_runtime.operations import Operation
from harness.emulator.letters import service_of
from harness.emulator.port.http import MaybeLater, Request, Response, json_response

_PAGE = 100
_ARN = ":event-source-mapping:"
_SETTLED = (State.ENABLED, State.DISABLED)


class Call(Protocol):
    """A request to one operation; `parameters` are those of its path."""

    @property
    def parameters(self) -> Mapping[str, str]: ...

    @property
    def request(self) -> Request: ...

    def body(self) -> dict[str, object]:
        """The request's JSON object, empty for no body."""

    def number(self, name: str, default: int) -> int:
        """A number from the query string."""

    def query(self, name: str) -> str | None:
        """The first value of this name in the query string."""


Answer: TypeAlias = Callable[[Call], MaybeLater]


class Functions(Protocol):
    """The functions that mappings are for, and whose they are."""

    @property
    def region(self) -> str: ...

    @property
    def account(self) -> str: ...

    def function(self, function: str) -> FunctionConfiguration | None:
        """The function that a name or an ARN means; None when there is none."""

    def arn_of(self, function: str) -> str:
        """The ARN that a reference means, whether or not there is such a function."""


class EventSourceApi:
    """Answers for the mappings of `sources`.

    What is asked wrongly raises ApiError, and leaves every mapping as it was.
    """

    def __init__(
        self,
        sources: EventSources,
        functions: Functions,
        *,
        clock: Clock,
        random: Random,
        elsewhere: Mapping[str, str],
    ) -> None:
        """`elsewhere` holds the endpoints of services that are not here, by signing name."""
        self._sources, self._functions, self._clock, self._random = sources, functions, clock, random
        self._elsewhere = elsewhere
        self._answers: Mapping[str, Answer] = {
            "CreateEventSourceMapping": self._create,
            "DeleteEventSourceMapping": self._delete,
            "GetEventSourceMapping": self._get,
            "ListEventSourceMappings": self._list,
            "UpdateEventSourceMapping": self._update,
        }
        self._tagging: Mapping[str, Answer] = {
            "ListTags": self._list_tags,
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }

    def answer_to(self, operation: Operation) -> Answer | None:
        """Who answers an operation on a mapping; None for any other."""
        if _ARN in operation.parameters.get("Resource", ""):
            return self._tagging.get(operation.name)
        return self._answers.get(operation.name)

    async def _create(self, call: Call) -> Response:
        body = call.body()
        uuid = request_id(self._random)
        arn = function_arn(self._functions.region, self._functions.account, uuid)
        mapping = new_mapping(
            body,
            uuid=uuid,
            arn=arn.replace(":function:", _ARN),
            function_arn=self._function(body).arn,
            at=self._clock.time(),
        )
        self._refuse_elsewhere(mapping.source_arn)
        await self._check(mapping)
        for other in self._sources.all():
            one = other.mapping
            if (one.source_arn, one.function_arn) == (mapping.source_arn, mapping.function_arn):
                raise already_there(one)
        kept = self._sources.add(mapping)
        shown = _shown(202, kept)
        self._go(kept, enabled=body.get("Enabled") is not False)
        return shown

    def _get(self, call: Call) -> Response:
        return _shown(200, self._kept(call))

    def _list(self, call: Call) -> Response:
        source, function = call.query("EventSourceArn"), call.query("FunctionName")
        arn = self._functions.arn_of(function) if function else None
        found = [
            format_mapping(one.mapping, one.state, one.result())
            for one in self._sources.all()
            if source in (None, one.mapping.source_arn) and arn in (None, one.mapping.function_arn)
        ]
        start, size = call.number("Marker", 0), min(call.number("MaxItems", _PAGE), _PAGE)
        body: dict[str, object] = {"EventSourceMappings": found[start : start + size]}
        if start + size < len(found):
            body["NextMarker"] = str(start + size)
        return _json(200, body)

    async def _update(self, call: Call) -> Response:
        kept, body = self._kept(call), call.body()
        changed = changed_mapping(kept.mapping, body, at=self._clock.time())
        if body.get("FunctionName"):
            changed = replace(changed, function_arn=self._function(body).arn)
        await self._check(changed)
        if kept.state not in _SETTLED:
            raise in_use(kept.mapping)
        self._sources.change(kept, changed)
        was, wanted = kept.state is State.ENABLED, body.get("Enabled", kept.state is State.ENABLED)
        passing = State.UPDATING if was == wanted else State.ENABLING if wanted else State.DISABLING
        shown = _json(202, format_mapping(changed, passing, kept.result()))
        if was != wanted:
            self._go(kept, enabled=bool(wanted))
        return shown

    def _delete(self, call: Call) -> Response:
        kept = self._kept(call)
        if kept.state not in _SETTLED:
            raise in_use(kept.mapping)
        self._sources.delete(kept)
        return _shown(202, kept)

    # --- tags ---------------------------------------------------------------------------------------------

    def _list_tags(self, call: Call) -> Response:
        return _json(200, {"Tags": dict(self._tagged(call).mapping.tags)})

    def _tag(self, call: Call) -> Response:
        kept, tags = self._tagged(call), call.body().get("Tags")
        more = {str(name): str(value) for name, value in tags.items()} if isinstance(tags, dict) else {}
        kept.mapping = replace(kept.mapping, tags={**kept.mapping.tags, **more})
        return Response(204)

    def _untag(self, call: Call) -> Response:
        kept = self._tagged(call)
        gone = {value for name, value in call.request.query_items() if name == "tagKeys"}
        left = {name: value for name, value in kept.mapping.tags.items() if name not in gone}
        kept.mapping = replace(kept.mapping, tags=left)
        return Response(204)

    # --- what operations need -----------------------------------------------------------------------------

    def _go(self, kept: Kept, *, enabled: bool) -> None:
        if enabled:
            self._sources.enable(kept)
        else:
            self._sources.disable(kept)

    def _kept(self, call: Call) -> Kept:
        kept = self._sources.find(call.parameters["UUID"])
        if kept is None:
            raise no_mapping()
        return kept

    def _tagged(self, call: Call) -> Kept:
        kept = self._sources.find(call.parameters["Resource"].rpartition(_ARN)[2])
        if kept is None:
            raise no_mapping()
        return kept

    def _function(self, body: Mapping[str, object]) -> FunctionConfiguration:
        function = self._functions.function(str(body.get("FunctionName") or ""))
        if function is None:
            raise ApiError("InvalidParameterValueException", "Function does not exist")
        return function

    def _refuse_elsewhere(self, source_arn: str) -> None:
        """Nothing tells what comes into a queue or a table that is elsewhere, so no function here reads it."""
        endpoint = self._elsewhere.get(service_of(source_arn))
        if endpoint is not None:
            raise not_implemented(
                f"CreateEventSourceMapping of {source_arn}, which is elsewhere (at {endpoint}) while the function "
                "is here,"
            )

    async def _check(self, mapping: EventSourceMapping) -> None:
        """The source is there, and fits the function."""
        if mapping.stream is not None:
            if self._sources.stream_of(mapping) is None:
                raise ApiError("InvalidParameterValueException", f"Stream not found: {mapping.source_arn}")
            return
        visible_after = await self._sources.visibility_timeout_of(mapping.source_arn)
        if visible_after is None:
            message = "SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: "
            raise ApiError(
                "InvalidParameterValueException",
                f"Error occurred while ReceiveMessage. {message}The specified queue does not exist.",
            )
        function = self._functions.function(mapping.function_arn)
        if function is not None and visible_after < function.timeout:
            message = f"Queue visibility timeout: {visible_after:.0f} seconds is less than"
            raise ApiError(
                "InvalidParameterValueException", f"{message} Function timeout: {function.timeout} seconds"
            )


def _shown(status: int, kept: Kept) -> Response:
    return _json(status, format_mapping(kept.mapping, kept.state, kept.result()))


def _json(status: int, body: object) -> Response:
    return json_response(status, orjson.dumps(body))
