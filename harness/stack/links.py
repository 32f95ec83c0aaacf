"""Links, which `import { Resource } from "sst"` finds in a function, as SST v3 sets them (T3-1 to T3-12).

Pure. The SDK reads variables, one JSON object each, and then, where two more name it and its key, a file. Codes such
as T3-1 are rows of docs/aws-rows.csv.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from harness.stack.model import Function, Stack

# SST has the name of whoever develops here; nothing under test should depend on ours.
_STAGE = "dev"

LinkFile: TypeAlias = Callable[[bytes], Mapping[str, str]]
"""Puts links, as JSON, into a file that the function can read, and returns the variables that lead to it."""


def linkable(stack: Stack) -> Iterator[str]:
    """Everything that a link may lead to, as `stack.yaml` writes it."""
    yield "api"
    yield from (f"tables.{name}" for name in stack.tables)
    yield from (f"topics.{name}" for name in stack.topics)
    yield from (f"queues.{name}" for name in stack.queues)
    yield from (f"functions.{name}" for name in stack.functions)


def link_variables(
    stack: Stack, function: Function, outputs: Mapping[str, str], link_file: LinkFile
) -> dict[str, str]:
    """The variables of the function's links, none for a function without; `outputs` by their references."""
    if not function.links:
        return {}
    app = {"SST_RESOURCE_App": _json({"name": stack.name, "stage": _STAGE})}
    values = {name: _value(target, outputs) for name, target in function.links.items()}
    variables = {f"SST_RESOURCE_{name}": _json(value) for name, value in values.items()}
    match function.link_style:
        case "variables":  # T3-5
            return app | variables
        case "dev":  # T3-4: what code sees that asks whether it runs under `sst dev`
            return app | variables | {"SST_LIVE": "true", "SST_DEV": "true"}
        case "file":  # T3-3: the links themselves are in the file only
            return {**app, **link_file(_json(values).encode())}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


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
