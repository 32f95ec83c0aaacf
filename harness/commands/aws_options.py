"""AWS on a command line: a deployed stack, whose it is, and what a run may do and cost there."""

import argparse
from pathlib import Path

from harness.backends.aws.choice import AwsChoice, Caps, Flags, choose_aws

_CAPS = Caps()


def add_aws_options(command: argparse.ArgumentParser) -> None:
    """The options of a command that can run on a stack that is deployed on AWS."""
    group = command.add_argument_group("AWS", "with --backend aws: a stack that is deployed already")
    group.add_argument("--confirm-aws", metavar="ACCOUNT_ID", help="yes, use this account, which costs money")
    group.add_argument("--cloudformation", metavar="NAME", help="its outputs are those of this stack")
    group.add_argument("--outputs", metavar="FILE", type=Path, help="its outputs are in this JSON file")
    group.add_argument("--websocket-url", metavar="URL", help="wss://..., whatever the outputs say")
    group.add_argument("--topic-arn", metavar="ARN", help="the topic to publish to, whatever they say")
    group.add_argument("--table", metavar="NAME", help="the connections table, whatever they say")
    group.add_argument("--region", metavar="REGION", help="[the topic's; for --cloudformation the AWS CLI's]")
    group.add_argument("--profile", metavar="NAME", help="a profile of the AWS CLI [boto3's usual chain]")
    group.add_argument(
        "--allow-write",
        action="store_true",
        help="delete the rows that a scenario's connections leave behind",
    )
    _add_cap(group, "--max-connections", int, _CAPS.connections, "connections in all")
    _add_cap(group, "--max-events", int, _CAPS.events, "events in all")
    _add_cap(group, "--max-cost", float, _CAPS.usd, "US dollars, by estimate")


def chosen_aws(options: argparse.Namespace) -> AwsChoice:
    """What the options say; UsageError for what makes no sense."""
    given = {"connections": options.max_connections, "events": options.max_events, "usd": options.max_cost}
    return choose_aws(
        confirm_aws=options.confirm_aws,
        flags=Flags(
            options.websocket_url or "", options.topic_arn or "", options.table or "", options.region or ""
        ),
        outputs=options.outputs,
        cloudformation=options.cloudformation,
        profile=options.profile,
        allow_write=options.allow_write,
        caps=Caps(**{name: value for name, value in given.items() if value is not None}),
    )


def unheard_aws_option(options: argparse.Namespace) -> str | None:
    """The first option of AWS alone that was given, for a backend that is another; None if none was."""
    return next((option for option in _OPTIONS if vars(options).get(_attribute(option))), None)


_OPTIONS = (
    "--confirm-aws",
    "--cloudformation",
    "--outputs",
    "--websocket-url",
    "--topic-arn",
    "--table",
    "--region",
    "--profile",
    "--allow-write",
    "--max-connections",
    "--max-events",
    "--max-cost",
)


def _attribute(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


def _add_cap(group: "argparse._ArgumentGroup", option: str, kind: type, default: float, what: str) -> None:
    group.add_argument(
        option, metavar="N", type=kind, help=f"refuse a run that may need more {what} [{default:g}]"
    )
