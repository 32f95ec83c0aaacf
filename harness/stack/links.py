"""What does `import { Resource } from "sst"` find in a function? Its links, as SST v3 sets them (T3-1 to T3-12).

Pure. The SDK reads variables, one JSON object each, when it is imported.
"""

import json
from collections.abc import Iterator, Mapping

from harness.stack.model import Function, Stack

# SST has the name of whoever develops here; nothing under test should depend on ours.
_STAGE = "dev"


def linkable(stack: Stack) -> Iterator[str]:
    """Everything that a link may lead to, as `stack.yaml` writes it."""
    yield "api"
    yield from (f"tables.{name}" for name in stack.tables)
    yield from (f"topics.{name}" for name in stack.topics)
    yield from (f"queues.{name}" for name in stack.queues)
    yield from (f"functions.{name}" for name in stack.functions)


def link_variables(stack: Stack, function: Function, outputs: Mapping[str, str]) -> dict[str, str]:
    """The variables of the function's links, none for a function without; `outputs` by their references."""
    if not function.links:
        return {}
    values: dict[str, Mapping[str, str]] = {"App": {"name": stack.name, "stage": _STAGE}}
    values |= {name: _value(target, outputs) for name, target in function.links.items()}
    return {
        f"SST_RESOURCE_{name}": json.dumps(value, separators=(",", ":")) for name, value in values.items()
    }


def _value(target: str, outputs: Mapping[str, str]) -> dict[str, str]:
    match target.partition(".")[0]:
        case "api":
            return {
                "managementEndpoint": outputs["api.management_endpoint"],
                "type": "sst:aws:ApiGatewayWebSocket",
                "url": outputs["api.url"],
            }
        case "tables":
            return {"name": outputs[f"{target}.name"], "type": "sst:aws:Dynamo"}
        case "topics":
            return {"arn": outputs[f"{target}.arn"], "type": "sst:aws:SnsTopic"}
        case "queues":
            return {"type": "sst:aws:Queue", "url": outputs[f"{target}.url"]}
        case "functions":
            return {"name": outputs[f"{target}.name"], "type": "sst:aws:Function"}
        case _:
            raise KeyError(target)
