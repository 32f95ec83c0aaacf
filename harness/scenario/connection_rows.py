"""Connection rows: whose connection a row is, and what becomes of it, as `connections:` of a stack says it."""

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

AfterDisconnect: TypeAlias = Literal["deleted", "kept"]


class ConnectionRows(BaseModel):
    """What checks must know of the application's rows to tell leftovers from rows that are meant to be there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: str = Field(
        default="", description="What stands before the connection's id in the partition key."
    )
    after_disconnect: AfterDisconnect = Field(
        default="deleted", description="Whether $disconnect deletes a connection's row, or keeps it."
    )
    ttl: str | None = Field(default=None, description="The attribute by which the table's rows expire.")
