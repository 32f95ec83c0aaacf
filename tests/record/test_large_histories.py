"""Histories that are larger than the memory they may take."""

import subprocess
import sys
from pathlib import Path

from tests.record.made_up import LINES_AN_EVENT, RECEIVERS, write_history

EVENTS = 10_000
MOST_MEGABYTES = 20.0

# Goes through the history twice; says what it found, and by how many megabytes the process has grown at most.
READS = """
import resource, sys
from pathlib import Path
from harness.record.observation import ConnectionPosted, MessageReceived
from harness.record.stored import StoredHistory

def most_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

before = most_megabytes()
history = StoredHistory(Path(sys.argv[1]))
pushes = sum(1 for _ in history.each(ConnectionPosted, MessageReceived))
print(pushes, sum(1 for _ in history.each()), len(history.gaps), most_megabytes() - before)
"""


def test_memory_does_not_grow_with_the_history(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    write_history(path, events=EVENTS)

    told = subprocess.run([sys.executable, "-c", READS, path], check=True, capture_output=True, text=True)

    pushes, everything, gaps, grown = told.stdout.split()
    assert (int(pushes), int(gaps)) == (2 * RECEIVERS * EVENTS, 0)
    assert int(everything) > EVENTS * LINES_AN_EVENT
    assert float(grown) < MOST_MEGABYTES
