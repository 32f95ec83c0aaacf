from pathlib import Path

import orjson
import pytest

from harness.errors import BackendError, UsageError
from harness.record.history import History
from harness.record.lines import header
from harness.record.observation import ClientConnected, ClientLeft
from harness.record.store import HistoryWriter, RunDescription, RunFolder, slug
from harness.record.stored import StoredHistory

STARTED_AT = 1_795_341_301.0
"""2026-11-22 09:55:01 UTC."""

CONNECTED = ClientConnected(1.0, "alice")
LEFT = ClientLeft(2.0, "alice")


def a_run(parent: Path, suffix: str = "a1b2c3") -> RunFolder:
    return RunFolder.create(parent, started_at=STARTED_AT, suffix=lambda: suffix)


def a_description(**members: object) -> RunDescription:
    said: dict[str, object] = {
        "version": "0.1.0",
        "started_at": STARTED_AT,
        "backend": "embedded",
        "stack": "dex",
        "scenarios": ("one", "two"),
        "command": ("harness", "run"),
    }
    return RunDescription(**(said | members))  # type: ignore[arg-type]  # a builder


# --- histories ----------------------------------------------------------------------------------------------


def test_what_was_flushed_can_be_read_while_the_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with HistoryWriter(path) as writer:
        writer.append(LEFT)
        assert path.read_bytes() == header()
        writer.flush()
        assert StoredHistory(path).observations == (LEFT,)
        writer.append_all([CONNECTED])

    assert StoredHistory(path).observations == (CONNECTED, LEFT)


def test_closing_twice_is_fine(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path / "history.jsonl")
    writer.append(LEFT)

    writer.close()
    writer.close()

    assert StoredHistory(writer.path).observations == (LEFT,)


def test_a_history_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"")

    with pytest.raises(UsageError, match="is there already"):
        HistoryWriter(path)


def test_a_history_that_cannot_be_written_is_the_environments_failure(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"cannot write .*No such file"):
        HistoryWriter(tmp_path / "nowhere" / "history.jsonl")


def test_a_missing_history_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*history\.jsonl: No such file"):
        StoredHistory(tmp_path / "history.jsonl")


# --- runs ---------------------------------------------------------------------------------------------------


def test_a_run_has_a_folder_of_its_own_and_is_the_latest(tmp_path: Path) -> None:
    first, second = a_run(tmp_path / "runs", "000001"), a_run(tmp_path / "runs", "000002")

    assert first.path == tmp_path / "runs" / "20261122T095501Z-000001"
    assert (tmp_path / "runs" / "latest").resolve() == second.path
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [
        "20261122T095501Z-000001",
        "20261122T095501Z-000002",
        "latest",
    ]


def test_a_suffix_that_is_taken_is_drawn_again(tmp_path: Path) -> None:
    a_run(tmp_path, "000001")
    suffixes = iter(["000001", "000002"])

    run = RunFolder.create(tmp_path, started_at=STARTED_AT, suffix=lambda: next(suffixes))

    assert run.path.name == "20261122T095501Z-000002"


def test_a_suffix_is_six_hexadecimal_digits_by_default(tmp_path: Path) -> None:
    name = RunFolder.create(tmp_path, started_at=STARTED_AT).path.name

    assert len(bytes.fromhex(name.partition("-")[2])) == 3


def test_a_folder_in_the_place_of_latest_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()

    with pytest.raises(BackendError, match="cannot write"):
        a_run(tmp_path)


def test_an_old_run_tells_its_scenarios_in_the_order_they_were_played(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    names = [run.add_scenario(name).name for name in ("Two comes first", "one", "one", "never listed")]
    run.describe(a_description(scenarios=(*names[:3], "never-played")))

    old = RunFolder.open(tmp_path / "latest")

    assert old.path == run.path
    assert old.description() == a_description(scenarios=("two-comes-first", "one", "one-2", "never-played"))
    assert [folder.name for folder in old.scenarios()] == ["two-comes-first", "one", "one-2"]


def test_a_scenario_folder_keeps_the_scenario_and_its_history(tmp_path: Path) -> None:
    folder = a_run(tmp_path).add_scenario("one")
    folder.write_scenario(b'{"scenario":"one"}')
    with folder.open_history() as writer:
        writer.append(CONNECTED)

    assert folder.read_scenario() == b'{"scenario":"one"}'
    assert folder.read_history().observations == (CONNECTED,)
    assert sorted(path.name for path in folder.path.iterdir()) == ["history.jsonl", "scenario.json"]


def test_a_folder_without_run_json_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is not the folder of a run: it has no run\.json"):
        RunFolder.open(tmp_path)


@pytest.mark.parametrize("content", [b"{", b"{}", b"[]", b'{"version":1}'])
def test_a_broken_run_json_is_named(tmp_path: Path, content: bytes) -> None:
    run = a_run(tmp_path)
    (run.path / "run.json").write_bytes(content)

    with pytest.raises(UsageError, match=r"run\.json: not a run's description"):
        run.description()


def test_scenario_names_in_run_json_never_lead_out_of_the_run(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    run.describe(a_description(scenarios=("../../etc",)))

    assert run.description().scenarios == ("etc",)
    assert run.scenarios() == ()


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        pytest.param(
            "Every trader gets their own updates", "every-trader-gets-their-own-updates", id="a claim"
        ),
        pytest.param("../../etc/passwd", "etc-passwd", id="a path"),
        pytest.param(".hidden", "hidden", id="a dot file"),
        pytest.param("∞", "scenario", id="no letters at all"),
        pytest.param("", "scenario", id="nothing"),
        pytest.param("a" * 79 + " b", "a" * 79, id="too long"),
    ],
)
def test_a_slug_is_a_harmless_folder_name(name: str, folder: str) -> None:
    assert slug(name) == folder


def test_an_empty_history_is_a_history(tmp_path: Path) -> None:
    HistoryWriter(tmp_path / "history.jsonl").close()

    assert StoredHistory(tmp_path / "history.jsonl").observations == History().observations


def test_a_run_of_before_parts_were_kept_has_none(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    run.describe(a_description())
    written = orjson.loads((run.path / "run.json").read_bytes())
    del written["parts"]
    (run.path / "run.json").write_bytes(orjson.dumps(written))

    assert run.description() == a_description(parts={})


@pytest.mark.parametrize("parts", [5, [1], "here"])
def test_parts_that_are_no_object_are_not_a_runs_description(tmp_path: Path, parts: object) -> None:
    run = a_run(tmp_path)
    run.describe(a_description())
    written = orjson.loads((run.path / "run.json").read_bytes())
    (run.path / "run.json").write_bytes(orjson.dumps(written | {"parts": parts}))

    with pytest.raises(UsageError, match="not a run's description"):
        run.description()


def with_history_version(run: RunFolder, version: object) -> None:
    """Lets run.json say that the histories are of this version; None: of before they had one."""
    run.describe(a_description(version="9.0"))
    written = orjson.loads((run.path / "run.json").read_bytes())
    written |= {} if version is None else {"history": version}
    if version is None:
        del written["history"]
    (run.path / "run.json").write_bytes(orjson.dumps(written))


@pytest.mark.parametrize(("version", "told"), [(None, 1), (1, 1), (99, 99)])
def test_a_run_of_other_histories_is_refused_with_both_versions(
    tmp_path: Path, version: object, told: int
) -> None:
    run = a_run(tmp_path)
    with_history_version(run, version)

    with pytest.raises(
        UsageError,
        match=rf"run\.json: harness 9\.0 wrote this run, with histories of version {told}; .* version 2",
    ):
        run.scenarios()


# --- seals --------------------------------------------------------------------------------------------------


def test_a_history_that_was_changed_after_the_run_is_known(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    run.describe(a_description(scenarios=("one",)))
    folder = run.add_scenario("one")
    with folder.open_history() as writer:
        writer.append_all([CONNECTED, LEFT])
    assert not run.scenarios()[0].read_history().sealed

    run.seal(folder, writer.seal())
    whole = run.scenarios()[0].read_history()
    folder.history_path.write_bytes(folder.history_path.read_bytes().replace(b"alice", b"malice"))
    changed = run.scenarios()[0].read_history()

    assert (whole.sealed, whole.changed) == (True, False)
    assert (changed.sealed, changed.changed) == (True, True)
