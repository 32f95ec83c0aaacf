"""Consistency of a stack's queues, event sources and rules. Pure; a part of `consistency`."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from harness.stack.model import Function, Queue, QueueSource, Rule, Stack, StreamSource
from harness.yaml_source import Location, suggestion

_Slip: TypeAlias = tuple[Location, str]

# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
_LARGEST_BATCH_WITHOUT_WINDOW = 10


def event_slips(stack: Stack) -> Iterator[_Slip]:
    """Everything that does not fit together, in no particular order."""
    for name, queue in stack.queues.items():
        yield from _queue_slips(stack, ("queues", name), queue)
    for name, function in stack.functions.items():
        yield from _source_slips(stack, ("functions", name), function)
    for name, rule in stack.rules.items():
        yield from _rule_slips(stack, ("rules", name), rule)


def _queue_slips(stack: Stack, location: Location, queue: Queue) -> Iterator[_Slip]:
    for field in ("visibility_timeout", "delay"):
        if getattr(queue, field) != int(getattr(queue, field)):
            yield (*location, field), "SQS counts it in whole seconds"
    if queue.dead_letters is not None:
        place = (*location, "dead_letters", "queue")
        yield from _unknown("queue", queue.dead_letters.queue, stack.queues, place)
        other = stack.queues.get(queue.dead_letters.queue)
        if other is queue:
            yield place, "its own messages would come back to it"
        elif other is not None and other.is_fifo != queue.is_fifo:
            yield place, "the dead letters of a FIFO queue go to a FIFO queue, and of no other"
    for index, subscription in enumerate(queue.subscribed_to):
        place = (*location, "subscribed_to", index)
        yield from _unknown("topic", subscription.topic, stack.topics, place)
        if queue.is_fifo:
            yield place, "a FIFO queue cannot subscribe to a standard topic"


def _source_slips(stack: Stack, location: Location, function: Function) -> Iterator[_Slip]:
    for index, source in enumerate(function.queues):
        yield from _queue_source_slips(stack, (*location, "queues", index), function, source)
    for index, stream in enumerate(function.streams):
        yield from _stream_slips(stack, (*location, "streams", index), stream)
    queues, tables = [one.queue for one in function.queues], [one.table for one in function.streams]
    yield from _repeated((*location, "queues"), queues)
    yield from _repeated((*location, "streams"), tables)


def _queue_source_slips(
    stack: Stack, place: Location, function: Function, source: QueueSource
) -> Iterator[_Slip]:
    yield from _whole_seconds(place, source.batch_window)
    yield from _unknown("queue", source.queue, stack.queues, place)
    queue = stack.queues.get(source.queue)
    if source.batch_size > _LARGEST_BATCH_WITHOUT_WINDOW and not source.batch_window:
        yield place, f"a batch of more than {_LARGEST_BATCH_WITHOUT_WINDOW} messages needs a 'batch_window'"
    if queue is None:
        return
    if queue.visibility_timeout < function.timeout:
        yield (
            place,
            (
                f"the queue's visibility_timeout ({queue.visibility_timeout:g} s) is shorter than "
                f"the function's timeout ({function.timeout:g} s)"
            ),
        )
    if queue.is_fifo and (source.batch_window or source.batch_size > _LARGEST_BATCH_WITHOUT_WINDOW):
        yield place, "a FIFO queue has no 'batch_window' and no batches of more than 10"


def _stream_slips(stack: Stack, place: Location, source: StreamSource) -> Iterator[_Slip]:
    yield from _whole_seconds(place, source.batch_window)
    yield from _unknown("table", source.table, stack.tables, place)
    if source.table in stack.tables and stack.tables[source.table].stream is None:
        yield place, f"the table '{source.table}' has no 'stream'"
    if source.on_failure is not None:
        yield from _unknown("queue", source.on_failure, stack.queues, (*place, "on_failure"))


def _rule_slips(stack: Stack, location: Location, rule: Rule) -> Iterator[_Slip]:
    if (rule.pattern is None) == (rule.schedule is None):
        yield location, "a rule has either a 'pattern' or a 'schedule'"
    if rule.schedule is not None and rule.bus != "default":
        yield (*location, "bus"), "only the default bus has schedules"
    if not rule.functions and not rule.queues:
        yield location, "nobody is told: 'functions' and 'queues' are empty"
    given = [name for name in ("input", "input_path", "input_template") if getattr(rule, name) is not None]
    if len(given) > 1:
        yield (*location, given[1]), f"targets get '{given[0]}' already"
    if rule.input_paths and rule.input_template is None:
        yield (*location, "input_paths"), "there is no 'input_template' to fill in"
    for index, name in enumerate(rule.functions):
        yield from _unknown("function", name, stack.functions, (*location, "functions", index))
    for index, name in enumerate(rule.queues):
        yield from _unknown("queue", name, stack.queues, (*location, "queues", index))


def _whole_seconds(place: Location, window: float) -> Iterator[_Slip]:
    if window != int(window):
        yield (*place, "batch_window"), "Lambda counts a window in whole seconds"


def _unknown(kind: str, name: str, known: Iterable[str], place: Location) -> Iterator[_Slip]:
    names = list(known)
    if name not in names:
        yield place, f"no {kind} is called '{name}'{suggestion(name, names)}"


def _repeated(place: Location, names: list[str]) -> Iterator[_Slip]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield (*place, index), f"'{name}' is here twice"
