"""Registry of open connections, by API, stage and connection id; an id that is not there is gone or malformed."""

from collections.abc import Iterator
from enum import Enum
from typing import Generic, TypeVar

from harness.emulator.gateway.ids import is_well_formed

ConnectionT = TypeVar("ConnectionT")


class Missing(Enum):
    """Why there is no connection with an id: it is none now (M-5), or it never could be one (M-6)."""

    GONE = "gone"
    MALFORMED = "malformed"


class Connections(Generic[ConnectionT]):
    """The open connections of all APIs.

    What is not there is no error but a Missing; removing what is not there is a KeyError, and changes nothing.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[str, str, str], ConnectionT] = {}

    def __iter__(self) -> Iterator[ConnectionT]:
        return iter(tuple(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    def add(self, api_id: str, stage: str, connection_id: str, connection: ConnectionT) -> None:
        """Makes the connection postable."""
        self._open[api_id, stage, connection_id] = connection

    def remove(self, api_id: str, stage: str, connection_id: str) -> None:
        """Makes it gone."""
        del self._open[api_id, stage, connection_id]

    def find(self, api_id: str, stage: str, connection_id: str) -> ConnectionT | Missing:
        """The open connection, or why there is none."""
        # Not recorded on AWS yet: an id of another API or stage; gone.
        connection = self._open.get((api_id, stage, connection_id))
        if connection is not None:
            return connection
        return Missing.GONE if is_well_formed(connection_id) else Missing.MALFORMED
