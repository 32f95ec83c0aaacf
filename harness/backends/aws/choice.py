"""Choice of a stack on AWS, as a user says it: whose it is, where it is, what a run may do and cost. Pure."""

import re
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError

CONNECTS_PER_SECOND = 400.0
"""New connections that a run asks for; an account has 500 a second in all of a region by default (Q-6)."""

READ_UNIT_USD = 0.125 / 1_000_000
"""What DynamoDB takes for reading 4 KB (P-13)."""

_ACCOUNT = re.compile(r"\d{12}")


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that a run may put on AWS: connections opened in all, events published in all, US dollars."""

    connections: int = 1_000
    events: int = 10_000
    usd: float = 1.0


@dataclass(frozen=True, slots=True)
class Flags:
    """What was said of the deployed stack itself; an empty string where nothing was, then its outputs tell."""

    websocket_url: str = ""
    topic_arn: str = ""
    table: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class AwsChoice:
    """A stack that is deployed on AWS already.

    `account` is the account id that the user confirmed. The stack's outputs are in the file `outputs`, or are those
    of the CloudFormation stack `cloudformation`; the `flags` win over both. `profile` names credentials as the AWS
    CLI does, empty for boto3's usual chain.
    """

    account: str
    flags: Flags = Flags()
    outputs: Path | None = None
    cloudformation: str = ""
    profile: str = ""
    allow_write: bool = False
    caps: Caps = Caps()


def choose_aws(
    *,
    confirm_aws: str | None,
    flags: Flags,
    outputs: Path | None = None,
    cloudformation: str | None = None,
    profile: str | None = None,
    allow_write: bool = False,
    caps: Caps = Caps(),
) -> AwsChoice:
    """The choice that options make; UsageError when it is not confirmed, or names no stack, or two."""
    if not confirm_aws:
        raise UsageError(
            "--backend aws connects to, publishes to and reads a real stack, which costs money: "
            "confirm the account that it is in with --confirm-aws ACCOUNT_ID"
        )
    if not _ACCOUNT.fullmatch(confirm_aws):
        raise UsageError(f"--confirm-aws: {confirm_aws!r} is no account id; it has 12 digits")
    if outputs is not None and cloudformation:
        raise UsageError("--outputs and --cloudformation both name where the outputs are; give one of them")
    if outputs is None and not cloudformation and not (flags.websocket_url and flags.topic_arn):
        raise UsageError(
            "--backend aws needs a stack that is deployed: name it with --cloudformation NAME or "
            "--outputs FILE, or with --websocket-url, --topic-arn and --table"
        )
    return AwsChoice(confirm_aws, flags, outputs, cloudformation or "", profile or "", allow_write, caps)
