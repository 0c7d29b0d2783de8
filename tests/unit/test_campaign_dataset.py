"""The Parquet tables: every record a row, every input a column, readable by others."""

from __future__ import annotations

import json

import pytest
from campaign_stage import look_record, run_record

from cellpick.campaign import Episode
from cellpick.campaign.columns import Columns
from cellpick.campaign.dataset import DatasetWriter, read_dataset
from cellpick.campaign.episode import blank_record
from cellpick.errors import InputError


def write_dataset(folder, records):
    writer = DatasetWriter()
    for record in records:
        writer.add(record)
    return writer.write(folder)


def tables(folder, records):
    write_dataset(folder, records)
    return [table.to_dicts() for table in read_dataset(folder)]


@pytest.fixture
def records():
    def inputs(gap):
        return {"tray.gap_mm": gap, "seed": 7, "faults": [{"kind": "dead"}], "note": "ä<&"}

    return [
        run_record(Episode("one", 0, ("tray.gap_mm=0",), "a", inputs(0)), 11),
        run_record(Episode("one", 1, ("tray.gap_mm=0.5",), "a", inputs(0.5)), 12),
        look_record(Episode("heap", 2, (), "b"), 40),
        blank_record(Episode("one", 3, (), "b"), "timeout", "longer than 5 s"),
    ]


def test_a_row_an_episode_in_order_with_its_inputs_and_figures(records, tmp_path):
    rows, _ = tables(tmp_path, records)
    assert [row["id"] for row in rows] == [record["id"] for record in records]
    assert [row["tray.gap_mm"] for row in rows] == [0.0, 0.5, None, None]
    assert [row["placed_ok"] for row in rows] == [11, 12, None, None]
    assert [row["look_found"] for row in rows] == [12, 12, 40, None]
    assert rows[2]["look_pose_error_mm_p50"] == pytest.approx(0.2)
    assert rows[2]["look_pose_error_deg_p50"] is None
    assert rows[3]["status"] == "timeout"
    assert json.loads(rows[0]["failures"]) == {"dropped": 1}
    assert json.loads(rows[0]["faults"]) == [{"kind": "dead"}]


def test_an_input_that_is_named_like_a_figure_takes_nothing_away(records, tmp_path):
    for rows in tables(tmp_path, records):
        assert rows[0]["seed"] == 0
        assert rows[0]["in.seed"] == 7


def test_a_record_from_before_revisions_has_its_version_in_their_place(records, tmp_path):
    del records[0]["revision"]
    rows, _ = tables(tmp_path, records)
    assert rows[0]["revision"] == records[0]["version"]
    assert rows[1]["revision"] == records[1]["revision"] != records[1]["version"]


def test_tables_without_rows_have_the_columns_that_all_rows_have(records, tmp_path):
    duckdb, pandas = pytest.importorskip("duckdb"), pytest.importorskip("pandas")
    for kept, height in (([], 0), (records[2:], 2)):
        write_dataset(tmp_path, kept)
        episodes, attempts = read_dataset(tmp_path)
        assert (episodes.height, attempts.height) == (height, 0)
        assert episodes.columns[:3] == attempts.columns[:3] == ["id", "case", "scene"]
        path = tmp_path / "attempts.parquet"
        assert duckdb.sql(f"select count(*), max(seed) from '{path}'").fetchall() == [(0, None)]
        assert list(pandas.read_parquet(path).columns) == ["id", "case", "scene", "seed"]


def test_a_row_an_attempt(records, tmp_path):
    _, rows = tables(tmp_path, records)
    assert len(rows) == 24
    assert [row["status"] for row in rows if row["id"] == records[0]["id"]].count("placed") == 11
    assert {row["tray.gap_mm"] for row in rows} == {0.0, 0.5}


def test_other_libraries_read_the_same(records, tmp_path):
    duckdb, pandas = pytest.importorskip("duckdb"), pytest.importorskip("pandas")
    episodes, attempts = write_dataset(tmp_path, records)
    ours, _ = read_dataset(tmp_path)
    theirs = pandas.read_parquet(episodes)
    assert list(theirs.columns) == ours.columns
    assert theirs["placed_ok"].sum() == 23
    query = f"""select "tray.gap_mm", count(*) from '{attempts}' where status = 'placed'
        group by 1 order by 1"""
    assert duckdb.sql(query).fetchall() == [(0.0, 11), (0.5, 12)]


def test_no_records_make_empty_tables(tmp_path):
    write_dataset(tmp_path, [])
    assert [table.height for table in read_dataset(tmp_path)] == [0, 0]


@pytest.mark.parametrize("content", [None, b"", b"not a table"])
def test_what_is_no_table_is_named(content, tmp_path):
    if content is not None:
        (tmp_path / "episodes.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"episodes\.parquet.*no Parquet table"):
        read_dataset(tmp_path)


def test_columns_are_the_same_however_many_rows_are_packed_at_once(monkeypatch):
    rows = [
        {"whole": 1, "mixed": 1, "word": 3, "flag": True, "late": None},
        {"whole": 2, "mixed": 0.5, "word": "three", "none": None},
        {"whole": None, "late": "here", "word": [1, 2], "mixed": 2},
        {"flag": False, "more": 4},
    ]
    frames = []
    for packed in (1, 2, 3, 100):
        monkeypatch.setattr("cellpick.campaign.columns.ROWS", packed)
        columns = Columns({})
        for row in rows:
            columns.add(row)
        frames.append(columns.frame())
    for frame in frames:
        assert frame.schema == frames[-1].schema
        assert frame.to_dicts() == frames[-1].to_dicts()
    assert frames[0]["mixed"].to_list() == [1.0, 0.5, 2.0, None]
    assert frames[0]["word"].to_list() == ["3", "three", "[1, 2]", None]
    assert frames[0]["none"].to_list() == [None] * 4
    assert Columns({}).frame().height == 0
