"""Layout of a report's lines: by a terminal's real width, or whole where nobody's width is known.

Renderables that are printed with `soft_wrap` (Rich's `no_wrap`), as into a pipe or a file, are neither folded nor
padded: a search for a word finds its whole line. On a terminal nothing is cut either: a line that does not fit goes
on below its own beginning.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.text import Text

NARROWEST = 12
"""Columns in which a text is still folded; a name that has fewer beside its figures gets a line of its own."""
_GAP = 2


@dataclass(frozen=True, slots=True)
class Hanging:
    """A text behind its head: `- what is wrong`; what does not fit goes on below the text."""

    head: Text
    text: Text
    indent: int = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        begin = self.indent + self.head.cell_len + bool(self.head)
        head = Text.assemble(" " * self.indent, self.head, " " if self.head else "")
        lines = _folded(self.text, console, None if options.no_wrap else options.max_width - begin)
        for number, line in enumerate(lines):
            yield Text.assemble(" " * begin if number else head, line)


@dataclass(frozen=True, slots=True)
class Figures:
    """Rows of a name and figures, below their heads. Figures keep their width, and names give way to them."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    indent: int = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        columns = list(zip(self.heads, *self.rows, strict=True))
        widest, *widths = (max(map(cell_len, column)) for column in columns)
        room = options.max_width - self.indent - sum(_GAP + width for width in widths)
        name_width = widest if options.no_wrap else max(min(widest, room), 0)
        for number, (name, *values) in enumerate((self.heads, *self.rows)):
            # A word that is wider than the column, an id say, is not broken there: it stands above the figures.
            fits = max(map(cell_len, name.split()), default=0) <= name_width
            folded_at = name_width if fits else options.max_width - self.indent
            names = _folded(Text(name), console, None if options.no_wrap else folded_at)
            figures = "".join(
                _right(value, _GAP + width) for value, width in zip(values, widths, strict=True)
            )
            for line in _beside(names, figures, name_width):
                yield Text(" " * self.indent + line, style="" if number else "dim")


def _beside(names: Sequence[Text], figures: str, width: int) -> Iterator[str]:
    """The figures beside a name's first line; below the name where that is too wide for its column."""
    if max(name.cell_len for name in names) > width:
        yield from (name.plain for name in names)
        yield " " * width + figures
        return
    first, *rest = names
    yield first.plain + " " * (width - first.cell_len) + figures
    yield from (name.plain for name in rest)


def _right(text: str, width: int) -> str:
    return " " * (width - cell_len(text)) + text


def _folded(text: Text, console: Console, width: int | None) -> list[Text]:
    """The lines of a text, at least one; as it has them itself where there is no width."""
    if width is None:
        lines = text.split("\n", allow_blank=True)
    else:
        lines = text.wrap(console, max(width, NARROWEST), overflow="fold")
    for line in lines:
        line.rstrip()
    return list(lines) or [Text()]
