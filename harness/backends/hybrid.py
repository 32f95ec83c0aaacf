"""Hybrid backend: API and functions here, tables and topics at an endpoint that is elsewhere to the emulator."""

from collections.abc import Mapping

from harness.backends.backend import Seen, Traits
from harness.backends.capabilities import Hybrid
from harness.backends.embedded import AS_ON_AWS, EmbeddedBackend
from harness.backends.probing import assert_answers
from harness.emulator.lambda_runtime.debugging import Debugging

PASSING = frozenset({"lambda", "apigateway", "apigatewayv2", "events"})
"""What is here in any case, by boto3's names, and ends with the emulator."""


class HybridBackend(EmbeddedBackend):
    """The embedded emulator, which passes on to the endpoint what is the endpoint's, and sees all of it."""

    def __init__(
        self,
        placement: Hybrid,
        *,
        name: str,
        region: str,
        execution: Mapping[str, int] = AS_ON_AWS,
        debugging: Debugging | None = None,
        callback_host: str | None = None,
    ) -> None:
        """With a `callback_host` the endpoint is on another network: the emulator listens on all of this host's."""
        answers = placement.answers
        super().__init__(
            region=region,
            host="127.0.0.1" if callback_host is None else "0.0.0.0",  # noqa: S104 - it was asked for
            execution=execution,
            debugging=debugging,
            elsewhere=placement.elsewhere,
            callback_host=callback_host,
        )
        self.name = name
        self._placement, self._answers = placement, answers

    @property
    def traits(self) -> Traits:
        where = self._answers.where
        there = {"dynamodb": "tables", "sns": "topics"}
        return Traits(
            parts=self._placement.parts,
            lacks={
                service: f"the {what} of {where} cannot be told how to behave"
                for service, what in there.items()
                if service in self._placement.services
            },
            shared=True,
            passing=PASSING,
        )

    async def set_dynamodb(self, configuration: Mapping[str, object]) -> None:
        if "dynamodb" not in self._placement.services:
            await super().set_dynamodb(configuration)

    async def seen(self) -> Seen:
        await assert_answers(self._answers.url, self._answers.where)
        return await super().seen()
