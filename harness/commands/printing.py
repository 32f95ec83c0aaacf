"""Printing by commands: lines that are never folded or coloured by chance, so that each can be copied."""

import sys

from rich.console import Console


def terminal() -> Console:
    """Standard output; Rich colours what a report marks up, and nothing else."""
    return Console(highlight=False)


def say(console: Console, *lines: str) -> None:
    """Prints the lines as they are."""
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def say_aside(text: str) -> None:
    """What is no result: an error, a notice. Not on standard output, which may be a program's."""
    say(Console(stderr=True, highlight=False), f"harness: {text}")


def write(content: bytes) -> None:
    """Puts bytes on standard output at once."""
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def write_json(value: object) -> None:
    """Puts a value on standard output, as JSON for programs."""
    import orjson

    write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
