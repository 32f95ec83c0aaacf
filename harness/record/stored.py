"""Stored histories: read from their file as often as they are gone through, in memory that does not grow with them.

What a file lacks is found by the numbers of its lines. A line that cannot be read, is doubled or in a wrong place is
left out, and is a gap like one that is lost.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from math import inf
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO, TypeVar, overload

from harness.errors import UsageError
from harness.record.history import Gap, History, sorted_out
from harness.record.lines import CLIENTS, INSIDE, TEXTS, LineReader, UnreadableLineError, prefix_of, source_of
from harness.record.observation import KINDS, Observation, RecordingBegan, RecordingEnded

Kind = TypeVar("Kind")

_BY_TIME = attrgetter("at")
_FEW = 5_000  # observations of one kind, which may stay in memory unasked


@dataclass(frozen=True, slots=True)
class Seal:
    """What a history was when its run had ended: its size in bytes, and their digest."""

    size: int
    digest: str


class Sealing:
    """Makes the seal of what goes through it."""

    def __init__(self) -> None:
        self._size, self._hash = 0, blake2b(digest_size=16)

    def add(self, content: bytes | bytearray) -> None:
        self._size += len(content)
        self._hash.update(content)

    def seal(self) -> Seal:
        """That of everything up to now."""
        return Seal(self._size, self._hash.hexdigest())


@dataclass(slots=True)
class _Survey:
    """What one look through the whole file has found.

    `behind` is by how many seconds, at most, an observation of a kind stands behind a later one of its source.
    """

    counts: Counter[type[Observation]] = field(default_factory=Counter)
    behind: dict[type[Observation], float] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)
    gaps: list[Gap] = field(default_factory=list)
    began: RecordingBegan | None = None
    ended: RecordingEnded | None = None
    begins_at: float = inf
    ends_at: float = -inf
    torn: bool = False
    seal: Seal = Seal(0, "")


class StoredHistory(History):
    """A history in a file, which must stay as it is while this one is used.

    UsageError when it cannot be read, or is not one of a version that is understood here.
    """

    def __init__(self, path: Path, seal: Seal | None = None) -> None:
        """`seal` is what the run wrote down of it, if it came so far."""
        self._path, self._survey = path, _surveyed(path)
        super().__init__(
            torn=self._survey.torn,
            gaps=tuple(self._survey.gaps),
            sealed=seal is not None,
            changed=seal is not None and seal != self._survey.seal,
        )

    @property
    def observations(self) -> tuple[Observation, ...]:
        return tuple(self.each())

    def of(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """The observations of one class, in time order, from now on in memory."""
        if kind not in self._by_kind:
            counts = self._survey.counts
            wanted = [one for one in KINDS.values() if one is kind or counts[one] <= _FEW]
            self._by_kind.update(dict.fromkeys(wanted, ()) | sorted_out(self.each(*wanted)))
        return self._by_kind[kind]  # type: ignore[return-value]  # keyed by the values' own class

    @overload
    def each(self) -> Iterator[Observation]: ...

    @overload
    def each(self, *kinds: type[Kind]) -> Iterator[Kind]: ...

    def each(self, *kinds: type[object]) -> Iterator[object]:
        """The observations of these classes in time order, of all without a class; read anew each time."""
        counts = self._survey.counts
        wanted = [kind for kind in KINDS.values() if counts[kind] and (not kinds or kind in kinds)]
        sources = [
            self._in_order([kind for kind in wanted if source_of(kind) == source])
            for source in (CLIENTS, INSIDE)
        ]
        return heapq.merge(*sources, key=_BY_TIME)

    @property
    def begins_at(self) -> float:
        return self._survey.begins_at if self._survey.counts else 0.0

    @property
    def ends_at(self) -> float:
        return self._survey.ends_at if self._survey.counts else 0.0

    def _in_order(self, kinds: Sequence[type[Observation]]) -> Iterator[Observation]:
        """Those of one source, in time order: each is held back for as long as an earlier one may follow."""
        behind = max((self._survey.behind[kind] for kind in kinds), default=0.0)
        held: list[tuple[float, int, Observation]] = []
        for place, seen in enumerate(self._as_written(kinds)):
            heapq.heappush(held, (seen.at, place, seen))
            while held and held[0][0] <= seen.at - behind:
                yield heapq.heappop(held)[2]
        while held:
            yield heapq.heappop(held)[2]

    def _as_written(self, kinds: Sequence[type[Observation]]) -> Iterator[Observation]:
        prefixes = tuple(map(prefix_of, kinds)) + TEXTS
        left_out = self._survey.left_out
        if not kinds:
            return
        with self._path.open("rb") as file:
            reader = LineReader(next(file))
            for number, line in enumerate(file, start=2):
                if line.startswith(prefixes) and number not in left_out:
                    read = reader.read(line)
                    if read is not None:
                        yield read[1]


# --- one look through a file ------------------------------------------------------------------------------


def _surveyed(path: Path) -> _Survey:
    try:
        with path.open("rb") as file:
            return _Look(path).through(file)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


class _Look:
    """Finds what there is in a history, and what is missing."""

    def __init__(self, path: Path) -> None:
        self._path, self._survey, self._sealing = path, _Survey(), Sealing()
        self._next: dict[str, int | None] = {CLIENTS: 0, INSIDE: None}
        self._latest = {CLIENTS: -inf, INSIDE: -inf}

    def through(self, file: BinaryIO) -> _Survey:
        survey = self._survey
        first = next(file, b"")
        self._sealing.add(first)
        if not first.endswith(b"\n"):  # killed before anything was recorded
            survey.torn = True
        else:
            self._lines(_reader(self._path, first), file)
        if survey.ended is not None:
            self._expect(CLIENTS, survey.ended.clients, survey.ended.at)
            self._expect(INSIDE, survey.ended.inside, survey.ended.at)
        survey.seal = self._sealing.seal()
        return survey

    def _lines(self, reader: LineReader, file: BinaryIO) -> None:
        for number, line in enumerate(file, start=2):
            self._sealing.add(line)
            self._survey.torn = not line.endswith(b"\n")
            if not self._line(reader, line):
                self._survey.left_out.add(number)

    def _line(self, reader: LineReader, line: bytes) -> bool:
        """Whether the line is to be believed."""
        try:
            read = reader.read(line)
        except UnreadableLineError:
            return False
        return read is None or self._observation(*read)

    def _observation(self, number: int, seen: Observation) -> bool:
        kind, survey = type(seen), self._survey
        source = source_of(kind)
        expected = self._next[source]
        if expected is not None and number < expected:
            survey.gaps.append(Gap(source, number, number, seen.at, seen.at))
            return False
        self._expect(source, number, seen.at)
        self._next[source] = number + 1
        latest = self._latest[source] = max(self._latest[source], seen.at)
        survey.counts[kind] += 1
        survey.behind[kind] = max(survey.behind.get(kind, 0.0), latest - seen.at)
        survey.begins_at, survey.ends_at = min(survey.begins_at, seen.at), max(survey.ends_at, seen.at)
        match seen:
            case RecordingBegan():
                survey.began = seen
                self._next[INSIDE], self._latest[INSIDE] = seen.inside, seen.at
            case RecordingEnded():
                survey.ended = seen
        return True

    def _expect(self, source: str, number: int, at: float) -> None:
        """A gap, if what comes next has another number than what came before lets expect."""
        expected, latest = self._next[source], self._latest[source]
        if expected is not None and expected < number:
            self._survey.gaps.append(Gap(source, expected, number, latest, at))


def _reader(path: Path, first_line: bytes) -> LineReader:
    try:
        return LineReader(first_line)
    except UnreadableLineError as error:
        raise UsageError(f"{path}: {error}") from error
