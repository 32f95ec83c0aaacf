"""JSON values as they are parsed: any of them, and the objects among them."""

from collections.abc import Mapping
from typing import TypeAlias

Json: TypeAlias = object
JsonObject: TypeAlias = Mapping[str, Json]
