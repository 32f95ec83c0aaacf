"""AWS itself: a stack that somebody deployed, seen from outside, to which nothing is added but clients and events."""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.backends.aws.account import Account
from harness.backends.aws.choice import CONNECTS_PER_SECOND, READ_UNIT_USD, AwsChoice
from harness.backends.aws.grants import key_of
from harness.backends.aws.outputs import Addresses, Outputs, account_of, addresses, named_outputs
from harness.backends.backend import Deployed, Seen, Traits
from harness.backends.capabilities import PARTS
from harness.errors import UsageError
from harness.outside.run_rows import RowKey, RunRows
from harness.stack.provision import Deployment

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from harness.stack.model import Function, Stack


def open_aws(choice: AwsChoice, stack: "Stack") -> "AwsBackend":
    """The stack that was chosen, in the account that was confirmed.

    UsageError when it cannot be found in its outputs, or anything of it is in another account or region;
    BackendError when AWS refuses or does not answer.
    """
    if choice.cloudformation:
        account = Account(choice, region=choice.flags.region)
        caller = account.confirm()
        source = f"the CloudFormation stack {choice.cloudformation}"
        found = _found(account.described(), source, choice, stack)
    else:
        source = str(choice.outputs) if choice.outputs is not None else "the command line"
        found = _found(_read(choice.outputs), source, choice, stack)
        account = Account(choice, region=found.region)
        caller = account.confirm()
    if account_of(found.topic_arn) != choice.account:
        raise UsageError(
            f"the topic {found.topic_arn} is in account {account_of(found.topic_arn)}; "
            f"--confirm-aws says {choice.account}"
        )
    return AwsBackend(account, found, choice, stack, caller=caller)


class AwsBackend:
    """A deployed stack on AWS. Connections, publishes and reads, and deletes of its own rows where allowed."""

    name = "aws"

    def __init__(
        self, account: Account, found: Addresses, choice: AwsChoice, stack: "Stack", *, caller: str
    ) -> None:
        """`caller` is the ARN of whose credentials the account is seen with."""
        self._account, self._found, self._choice, self._stack = account, found, choice, stack
        self._caller = caller
        account.grants = replace(
            account.grants, resources={"TopicArn": found.topic_arn, "TableName": found.table}
        )
        self._deployed = Deployed(self._deployment(), self._rows())

    @property
    def traits(self) -> Traits:
        where = self._where()
        return Traits(
            parts={**dict.fromkeys(PARTS, where), "credentials": self._caller},
            hidden=f"{where} does not show its inside",
            lacks=dict.fromkeys(("gateway", "dynamodb", "sns"), f"{where} cannot be told how to behave"),
            shared=True,
            deployed=self._deployed,
            connects_per_second=CONNECTS_PER_SECOND,
        )

    @property
    def endpoint(self) -> str:
        return self.client("sns").meta.endpoint_url

    def client(self, service: str) -> "BaseClient":
        return self._account.client(service)

    def urls(self, api_id: str, stage: str) -> Mapping[str, str]:
        raise UsageError("nothing is deployed to AWS by a run")

    def code(self, function: "Function") -> Mapping[str, object]:
        raise UsageError("nothing is deployed to AWS by a run")

    async def prewarm(self, function: str, environments: int) -> None:
        return None

    async def set_gateway(self, configuration: Mapping[str, object]) -> None:
        return None

    async def set_dynamodb(self, configuration: Mapping[str, object]) -> None:
        return None

    async def set_sns(self, configuration: Mapping[str, object]) -> None:
        return None

    async def quiet(self, timeout: float) -> bool:
        return True

    async def end_left_over(self) -> None:
        return None

    async def forget_retries(self) -> Sequence[str]:
        return ()

    async def seen(self) -> Seen:
        return Seen()

    def _where(self) -> str:
        """`AWS account 123456789012 in us-east-1`, and the endpoint where the environment says another than AWS's."""
        host = urlsplit(self.endpoint).hostname or ""
        elsewhere = "" if host.endswith((".amazonaws.com", ".amazonaws.com.cn")) else f" at {self.endpoint}"
        return f"AWS account {self._choice.account} in {self._found.region}{elsewhere}"

    def _deployment(self) -> Deployment:
        outputs = {
            "region": self._found.region,
            "api.url": self._found.url,
            f"topics.{self._stack.events_topic()}.arn": self._found.topic_arn,
        }
        if self._stack.connections is not None:
            outputs[f"tables.{self._stack.connections.table}.name"] = self._found.table
        return Deployment(self._found.url, management_endpoint="", api_id="", outputs=outputs)

    def _rows(self) -> RunRows | None:
        if self._stack.connections is None:
            return None
        return RunRows(
            self.client("dynamodb"),
            self._found.table,
            stack=self._stack,
            allow=self._allow if self._choice.allow_write else None,
            read_units=self._choice.caps.usd / READ_UNIT_USD,
        )

    def _allow(self, keys: Collection[RowKey]) -> None:
        self._account.grants = replace(self._account.grants, keys=frozenset(map(key_of, keys)))


def _read(file: Path | None) -> object:
    if file is None:
        return None
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise UsageError(f"--outputs {file}: cannot be read: {os.strerror(error.errno or 0)}") from error
    except ValueError as error:
        raise UsageError(f"--outputs {file}: is not JSON: {error}") from error


def _found(document: object, source: str, choice: AwsChoice, stack: "Stack") -> Addresses:
    outputs: Outputs = {}
    if document is not None:
        try:
            outputs = named_outputs(document)
        except ValueError as error:
            raise UsageError(f"{source}: {error}") from error
    return addresses(outputs, choice.flags, stack, source=source)
