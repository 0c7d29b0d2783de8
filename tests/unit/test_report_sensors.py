"""The sensor report's files: tables, plots and a page that opens offline."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pytest

from cellpick.errors import UnavailableError
from cellpick.report import write_sensors
from cellpick.report.sensor_plots import curve_svg
from cellpick.report.sensor_table import (
    amount,
    compared_rows,
    markdown,
    other_rows,
)

MEANING = {"unit": "mm", "meaning": "what <it> is", "source": "who", "gate": True}


def figure(key, measured, published=None, **changes):
    agrees = None if published is None or measured is None else measured == published
    return {
        "key": key,
        "at_mm": 600.0,
        "published": published,
        "measured": measured,
        "uncertainty": None,
        "ratio": None if agrees is None else measured / published,
        "agrees": agrees,
        "source": "maker",
        "certainty": "datasheet",
    } | changes


def curve(**changes):
    return {
        "key": "noise",
        "title": "Noise",
        "x_label": "distance, mm",
        "y_label": "noise, mm",
        "logarithmic": True,
        "x": [300.0, 600.0, 900.0],
        "series": [
            {"name": "measured", "style": "measured", "y": [0.02, 0.08, None]},
            {"name": "law", "style": "model", "y": [0.02, 0.08, 0.18]},
        ],
    } | changes


def camera(name="cam", **changes):
    return {
        "name": name,
        "principle": "structured_light",
        "read_out_px": [612, 512],
        "native_px": [2448, 2048],
        "figures": [figure("precision", 0.08, 0.08), figure("spread", 0.3)],
        "missed": [],
        "curves": [curve()],
    } | changes


def document(*cameras):
    return {
        "schema": "cellpick.sensors/1",
        "version": "1.2.3",
        "seed": 4,
        "agrees_within": 0.1,
        "cameras": list(cameras) or [camera()],
        "definitions": {
            "precision": MEANING | {"title": "point precision"},
            "spread": MEANING | {"title": "spread"},
        },
    }


def test_every_file_is_there_and_says_the_same(tmp_path):
    page = write_sensors(tmp_path / "out", document(camera("a"), camera("b")))
    assert page == tmp_path / "out" / "sensors.html"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("plots", "sensors.html", "sensors.json", "sensors.md"),
    ]
    assert {path.name for path in (tmp_path / "out" / "plots").iterdir()} == {
        *("a-noise.svg", "b-noise.svg"),
    }
    whole = json.loads((tmp_path / "out" / "sensors.json").read_text())
    assert whole == document(camera("a"), camera("b"))
    assert (tmp_path / "out" / "sensors.md").read_text() == markdown(whole)


def test_the_page_loads_nothing_and_shows_all(tmp_path):
    text = write_sensors(tmp_path, document()).read_text()
    assert not re.search(
        r"""(src|href)=["'](?!#)""", re.sub(r"<svg.*?</svg>", "", text, flags=re.S)
    )
    assert "http" not in re.sub(
        r'xmlns(:\w+)?="[^"]*"|<metadata>.*?</metadata>', "", text, flags=re.S
    )
    for words in ("612 x 512", "2448 x 2048", "0.08 mm", "1.000", "what &lt;it&gt; is", "<svg"):
        assert words in text


def test_an_ideal_camera_is_called_so_on_the_page(tmp_path):
    text = write_sensors(tmp_path, document(camera(principle="ideal"))).read_text()
    assert "cam is an ideal camera" in text
    assert "is an ideal camera" not in write_sensors(tmp_path, document()).read_text()


def test_a_missed_and_an_unmeasured_figure_are_told_apart(tmp_path):
    figures = [figure("precision", 0.2, 0.08), figure("spread", None, 0.3)]
    rows = compared_rows(document(camera(figures=figures)))
    assert [row[5:7] for row in rows] == [("2.500", "no"), ("\u2013", "\u2013")]
    assert rows[0][7] == "maker (datasheet)"
    page = write_sensors(tmp_path, document(camera(figures=figures))).read_text()
    assert '<td class="n bad">2.500</td>' in page


def test_what_nothing_is_published_of_has_a_column_a_camera():
    other = camera("b", figures=[figure("spread", None)])
    assert other_rows(document(camera("a"), other)) == [("spread", "0.3 mm", "\u2013")]
    assert other_rows(document(camera(figures=[]))) == []


def test_a_camera_of_which_nothing_is_published_has_a_page(tmp_path):
    text = write_sensors(tmp_path, document(camera(figures=[], curves=[]))).read_text()
    assert "Nothing is published of these cameras." in text


def test_markdown_tables_have_as_many_cells_in_every_row():
    sour = figure("precision", 0.08, 0.08, source="a | b")
    for block in markdown(document(camera(figures=[sour]))).split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.strip().splitlines()}) == 1


@pytest.mark.parametrize(
    ("value", "unit", "doubt", "text"),
    [
        (0.079876, "mm", 0.00023, "0.0799 (0.0002) mm"),
        (2.0, "", None, "2"),
        (10498.7, "e-", None, "10499 e-"),
        (None, "mm", 0.1, "\u2013"),
        (0.0, "px", None, "0 px"),
    ],
)
def test_an_amount_says_its_unit_and_doubt(value, unit, doubt, text):
    assert amount(value, unit, doubt) == text


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"logarithmic": False},
        {"series": [{"name": "a", "style": "measured", "y": [None, None, None]}]},
        {"series": [{"name": "a", "style": "measured", "y": [0.0, 0.0, 0.0]}]},
        {"series": [], "logarithmic": False},
        {"series": [{"name": "a", "style": "points", "y": [1e-6, 1.0, 1e3]}]},
        {"series": [{"name": str(i), "style": "measured", "y": [1, 2, i]} for i in range(9)]},
    ],
)
def test_every_curve_becomes_a_picture_and_always_the_same(changes):
    svg = curve_svg(curve(**changes))
    assert svg == curve_svg(curve(**changes))
    assert ET.fromstring(svg).tag.endswith("svg")
    assert "noise, mm" in svg


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match=r"cannot write into folder .*file"):
        write_sensors(tmp_path / "file", document())
