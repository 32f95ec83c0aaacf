"""Operations of Lambda: which one a request is, by the paths of the SDK's own service model."""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from botocore.session import Session


class Operation(NamedTuple):
    """An operation's name and the decoded parameters in its path, by the model's names."""

    name: str
    parameters: dict[str, str]


class _Template(NamedTuple):
    name: str
    pattern: re.Pattern[str]


def operation_of(method: str, path: str) -> Operation | None:
    """The operation that `method` and `path` (still percent-encoded) call; None for a path Lambda does not have."""
    for template in _templates().get((method, _version(path)), ()):
        match = template.pattern.fullmatch(path)
        if match is not None:
            return Operation(
                template.name, {name: unquote(value) for name, value in match.groupdict().items()}
            )
    return None


@lru_cache(maxsize=1)
def _templates() -> dict[tuple[str, str], tuple[_Template, ...]]:
    model = Session().get_service_model("lambda")
    templates: dict[tuple[str, str], tuple[_Template, ...]] = {}
    for name in model.operation_names:
        http = model.operation_model(name).http
        uri = http["requestUri"].partition("?")[0]
        key = (http["method"], _version(uri))
        templates[key] = (*templates.get(key, ()), _Template(name, _pattern(uri)))
    return templates


def _version(path: str) -> str:
    return path[1:11]


def _pattern(uri: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\+?\}", uri.rstrip("/"))
    # Texts and names alternate; what stands for a name has no slash, because SDKs encode it.
    return re.compile(
        "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
        + "/?"
    )
