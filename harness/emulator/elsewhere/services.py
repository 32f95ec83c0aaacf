"""Services that are elsewhere, and where: read from pairs such as `dynamodb=http://127.0.0.1:4599`."""

import argparse
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from harness.errors import UsageError

HERE = frozenset({"lambda", "execute-api", "apigateway", "apigatewayv2"})
"""What every emulator does itself: gateway and functions."""

_ALIASES = {"dynamodbstreams": "dynamodb"}


def add_elsewhere_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--elsewhere` and `--callback-host`."""
    parser.add_argument(
        "--elsewhere",
        metavar="SERVICE=URL",
        type=_pair,
        action="append",
        default=[],
        help="relay this service (dynamodb, sns, sqs ...) to an endpoint, such as LocalStack's; may be repeated",
    )
    parser.add_argument(
        "--callback-host",
        metavar="HOST",
        help="the name by which an SNS elsewhere reaches this emulator (default: where it listens)",
    )


def read_elsewhere(given: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Endpoints by the signing name of their service; UsageError says what is wrong with a pair."""
    elsewhere = {service.strip().lower(): _endpoint(service, url.strip()) for service, url in given}
    for service in elsewhere:
        if service in HERE:
            raise UsageError(
                f"elsewhere: {service} always runs in the emulator; leave it out (dynamodb, sns and sqs may be "
                "elsewhere)"
            )
    if "sqs" in elsewhere and "sns" not in elsewhere:
        raise UsageError(
            "elsewhere: a topic here cannot deliver to a queue there; with sqs, name the endpoint of sns too"
        )
    return elsewhere


def service_elsewhere(service: str) -> str:
    """The name under which a service is told to be elsewhere: streams are with their tables."""
    return _ALIASES.get(service, service)


def _endpoint(service: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"elsewhere: {url!r} is no endpoint of {service}; write it as http://127.0.0.1:4599")
    return url.rstrip("/")


def _pair(text: str) -> tuple[str, str]:
    service, equals, url = text.partition("=")
    if not (equals and service and url):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no pair; write SERVICE=URL, as dynamodb=http://127.0.0.1:4599"
        )
    return service, url
