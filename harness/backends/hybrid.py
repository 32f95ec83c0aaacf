"""API and functions here, tables and topics at an endpoint: an emulator that has a part of AWS elsewhere."""

from collections.abc import Mapping

from harness.backends.backend import Seen, Traits
from harness.backends.capabilities import Hybrid
from harness.backends.embedded import EmbeddedBackend
from harness.backends.probing import assert_answers


class HybridBackend(EmbeddedBackend):
    """The embedded emulator, which passes on to the endpoint what is the endpoint's, and sees all of it."""

    def __init__(
        self, placement: Hybrid, *, name: str, region: str, callback_host: str | None = None
    ) -> None:
        """With a `callback_host` the endpoint is on another network: the emulator listens on all of this host's."""
        answers = placement.answers
        super().__init__(
            region=region,
            host="127.0.0.1" if callback_host is None else "0.0.0.0",  # noqa: S104 - it was asked for
            elsewhere=placement.elsewhere,
            callback_host=callback_host,
        )
        self.name = name
        self._placement, self._answers = placement, answers

    @property
    def traits(self) -> Traits:
        where = self._answers.where
        has_tables = "dynamodb" in self._placement.services
        return Traits(
            parts=self._placement.parts,
            lacks={"dynamodb": f"the tables of {where} cannot be told how to behave"} if has_tables else {},
            shared=True,
        )

    async def set_dynamodb(self, configuration: Mapping[str, object]) -> None:
        if "dynamodb" not in self._placement.services:
            await super().set_dynamodb(configuration)

    async def seen(self) -> Seen:
        await assert_answers(self._answers.url, self._answers.where)
        return await super().seen()
