"""Printing by commands: lines that are never coloured by chance, and folded on a terminal alone.

What a pipe or a file takes has whole lines: grep finds them, and nothing pads them. All text is freed from control
characters here, whoever wrote it.
"""

import sys

from rich.console import Console, RenderableType


def terminal() -> Console:
    """Standard output; Rich colours what a report marks up, and nothing else."""
    return Console(highlight=False)


def say(console: Console, *lines: str) -> None:
    """Prints the lines unfolded, so that each can be copied."""
    from harness.reports.plain import plain

    for line in lines:
        console.print(plain(line), markup=False, soft_wrap=True)


def show(console: Console, block: RenderableType) -> None:
    """Prints a part of a report: laid out by a terminal's width, in whole lines anywhere else."""
    console.print(block, soft_wrap=not console.is_terminal)


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

    from harness.reports.plain import escaped

    write(escaped(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()).encode() + b"\n")
