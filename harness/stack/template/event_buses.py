"""Event buses of a template, and what they are called. A bus is deployed as soon as a rule listens on it."""

from harness.stack.template.intrinsics import references_in, replace_references
from harness.stack.template.reading import Reading, mapping_of

EVENT_BUS = "AWS::Events::EventBus"

_WITHOUT_EFFECT = "Description KmsKeyIdentifier LogConfig Policy Tags"


def read_event_buses(reading: Reading) -> None:
    """Says what is left out of the buses, once the rules are read."""
    rules = mapping_of(reading.value.get("rules")).values()
    used = {mapping_of(rule).get("bus") for rule in rules}
    for resource in reading.of_type(EVENT_BUS):
        reading.notice_unread(resource, read=("Name",), without_effect=_WITHOUT_EFFECT)
        name = reading.text(resource, "Name")
        if name not in used:
            reading.notice(resource.location, "no rule listens on it, so it is not deployed here")


def bus_named(reading: Reading, logical_id: str) -> str:
    """The name of one of the template's buses."""
    return str(reading.property(reading.resources[logical_id], "Name"))


def bus_of(reading: Reading, value: object) -> str | None:
    """The name of the bus that a value is the name or the ARN of; None for one that cannot be known here."""
    text = "default" if value is None else str(value)
    if any(reading.resources[one.logical_id].type != EVENT_BUS for one in references_in(text)):
        return None
    known = replace_references(text, lambda reference: bus_named(reading, reference.logical_id))
    return known.partition(":event-bus/")[2] or known
