"""Service models of AWS: its services as botocore describes them, and which operation a REST request calls.

Every member here goes by the name that it has on the wire, its `locationName` where it has one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape, StructureShape

from harness.emulator.port.http import Request

_PARAMETER = re.compile(r"\{([^}+]+)(\+?)\}")


@lru_cache(maxsize=64)
def service_model(name: str) -> ServiceModel:
    """The model of a service by botocore's name for it (`apigatewayv2`); botocore's error for an unknown one."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def wire_name(name: str, member: Shape) -> str:
    """The name of a structure's member as requests and answers spell it."""
    return str(member.serialization.get("name", name))


def members_on_the_wire(shape: StructureShape) -> Mapping[str, Shape]:
    """The members of a structure by the names that requests spell."""
    return {wire_name(name, member): member for name, member in shape.members.items()}


@dataclass(frozen=True, slots=True)
class RestCall:
    """The operation that a REST request calls, and what its path and query give, decoded.

    `in_path` are the names of what the path gives.
    """

    operation: OperationModel
    given: Mapping[str, object]
    in_path: frozenset[str]


class RestOperations:
    """Finds the operation of a REST service that a request calls, by method and path."""

    def __init__(self, model: ServiceModel) -> None:
        operations = [model.operation_model(name) for name in model.operation_names]
        self._known = [
            (str(one.http["method"]), *_pattern(str(one.http["requestUri"]).partition("?")[0]), one)
            for one in operations
        ]

    def find(self, request: Request) -> RestCall | None:
        """The call that a request makes; None when the service has none like it."""
        for method, pattern, names, operation in self._known:
            match = pattern.fullmatch(request.path) if method == request.method else None
            if match is not None:
                path = dict(zip(names, map(unquote, match.groups()), strict=True))
                return RestCall(operation, _in_query(operation, request) | path, frozenset(names))
        return None


def _in_query(operation: OperationModel, request: Request) -> dict[str, object]:
    """What the query gives: a text, or the list of all its texts where the operation takes a list."""
    items = request.query_items()
    shape = operation.input_shape
    members = {} if shape is None else members_on_the_wire(shape)
    return {
        name: [value for other, value in items if other == name] if _is_list(members.get(name)) else last
        for name, last in items
    }


def _is_list(member: Shape | None) -> bool:
    return member is not None and member.type_name == "list"


def _pattern(template: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """The pattern of a path such as `/v2/apis/{apiId}/routes`, and the names of its parameters in order."""
    names: list[str] = []
    pattern, at = "", 0
    for found in _PARAMETER.finditer(template):
        names.append(found[1])
        pattern += re.escape(template[at : found.start()]) + ("(.+)" if found[2] else "([^/]+)")
        at = found.end()
    return re.compile(pattern + re.escape(template[at:])), tuple(names)
