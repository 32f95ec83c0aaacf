"""Credentials of callers: the options that name them, for every command that starts an emulator."""

import argparse
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Pair: TypeAlias = tuple[str, str]
"""An access key id and its secret access key."""

EVERYBODY: Pair = ("test", "test")
"""What callers use that were given no credentials of their own."""


def add_signature_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--verify-signatures` and `--credentials`."""
    parser.add_argument(
        "--verify-signatures",
        action="store_true",
        help="refuse @connections calls and IAM handshakes whose signature is wrong, not only unsigned ones",
    )
    parser.add_argument(
        "--credentials",
        metavar="KEY:SECRET",
        type=_pair,
        action="append",
        default=[],
        help="an access key id and its secret, besides test:test and the functions' own; may be repeated",
    )


def credentials_of(pairs: Iterable[Pair]) -> Mapping[str, str]:
    """The secret access keys of callers by access key id."""
    return dict((EVERYBODY, *pairs))


def _pair(text: str) -> Pair:
    access_key_id, colon, secret = text.partition(":")
    if not (colon and access_key_id and secret):
        raise argparse.ArgumentTypeError(f"{text!r} is no pair; write KEY:SECRET")
    return access_key_id, secret
