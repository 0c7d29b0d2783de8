"""The page: one file, nothing from elsewhere, everything that was asked for, and safe text."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from grasping_stage import box_cell, changed, estimates, grid, recipe
from test_evaluate_summary import RUN, outcome, summary
from test_report_pictures import capture, look

from cellpick.errors import UnavailableError
from cellpick.geometry import perturb
from cellpick.report import ReportData, write_html
from cellpick.report.page import render
from cellpick.report.svg import histogram, stacked_bar
from cellpick.report.tray_plan import tray_plan

TRAY = grid(3, 2, (0.15, 0.0285), 0.0555)


def data(**more) -> ReportData:
    table = changed(estimates(TRAY), 4, status="ambiguous", reason="no <mark> was seen")
    base = ReportData(
        summary=summary(RUN), command="cellpick run prismatic_tray --seed 3", recipe=recipe(),
        look=look(capture(name="cam0_3d"), capture(name="cam1_2d")), estimates=table,
        Ts_base_true=perturb(TRAY, [1e-4, -2e-4, 0, 0, 0, 1e-3]), pose_errors_mm=[0.1, 0.2],
        pose_errors_deg=[0.01, 0.02], place_errors_mm=[0.3, np.nan], place_errors_deg=[0.1],
        simulated_s={"motion": 30.0, "capture": 2.0}, measured_s={"physics": 4.0},
        picks=[{"number": 1, "code": "A000", "slot": 0, "status": "placed", "cause": "",
                "place_error_mm": 0.1234, "place_error_deg": np.nan, "cycle_time_s": 7.5},
               {"number": 2, "status": "dropped", "cause": "seal_lost"}],
    )  # fmt: skip
    return replace(base, **more)


class Page(HTMLParser):
    """Tags with their attributes, and whether they nest as they should."""

    VOID = {"meta", "img", "link", "br", "input"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_loads_nothing_from_elsewhere():
    text = render(data())
    for tag, attributes in Page(text).tags:
        assert tag not in ("script", "link", "iframe", "object")
        for name in ("src", "href"):
            assert attributes.get(name, "data:").startswith("data:")
    assert not re.search(r"https?://|url\(|@import", text)


def test_the_page_shows_all_that_it_must():
    text = render(data())
    tags = Page(text).tags
    assert sum(tag == "img" for tag, _ in tags) == 2
    for words in (
        "prismatic_tray --seed 3", "cam0_3d", "cam1_2d", "Polarity errors", "Failures by cause",
        "seal lost", "shear limit", "motion", "physics", "95 % interval 15.0 to 85.0 %",
        "ambiguous", "+x 1.00 A000", "limit 1", "position error, 50 times too long",
    ):  # fmt: skip
        assert words in text, words


def test_text_from_outside_is_escaped():
    nasty = "<script>alert(1)</script>"
    table = changed(changed(estimates(TRAY), 0, code=nasty), 1, status="uncertain", reason=nasty)
    text = render(data(estimates=table, command=nasty, note=nasty))
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 4


def test_a_note_such_as_that_of_the_oracle_is_there_for_all_to_see():
    assert 'class="note">oracle' in render(data(note="oracle: true poses"))
    assert 'class="note"' not in render(data())


def test_one_attempt_at_one_cell_is_told_in_the_singular():
    one = summary([outcome(serial="A0")], cells_total=1)
    assert "1 attempt at 1 cell, judged by physics" in render(data(summary=one))


def test_a_run_with_nothing_at_all_still_gives_a_page():
    none = summary([], cells_total=0, cycle_times_s=[], station_time_s=0.0)
    empty = data(
        summary=none, estimates=estimates(np.zeros((0, 4, 4))), look=look(),
        Ts_base_true=np.zeros((0, 4, 4)), pose_errors_mm=[], pose_errors_deg=[],
        place_errors_mm=[], place_errors_deg=[np.nan], simulated_s={}, measured_s={}, picks=[],
    )  # fmt: skip
    text = render(empty)
    Page(text)
    assert "0 attempts at 0 cells, judged by physics" in text
    assert text.count("nothing measured") == 6
    assert "No attempt failed." in text
    assert "times too long" not in text


def test_the_same_data_twice_gives_the_same_page():
    assert render(data()) == render(data())


def test_success_is_green_and_failure_red():
    good = summary([outcome(serial=f"A{i}") for i in range(4)])
    assert 'class="value good">4<' in render(data(summary=good))
    assert 'class="value bad">2<' in render(data())


def test_the_page_is_written_whole_or_not_at_all(tmp_path):
    path = write_html(tmp_path / "run", data())
    assert path.read_text().startswith("<!doctype html>")
    assert path.read_text().rstrip().endswith("</html>")
    path.unlink()
    path.mkdir()
    with pytest.raises(UnavailableError, match=r"cannot write .*report\.html"):
        write_html(tmp_path / "run", data())
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["report.html"]


def bars(svg: str) -> list[tuple[float, float, float]]:
    root = ElementTree.fromstring(svg)
    return [
        (float(r.get("x")), float(r.get("width")), float(r.get("height")))
        for r in root.iter("rect")
        if r.get("class") == "bar"
    ]


def test_histogram_bars_have_heights_in_proportion_to_the_counts():
    heights = [h for _, _, h in bars(histogram([0.1] * 3 + [0.9], "mm"))]
    assert len(heights) == 2
    assert heights[0] == pytest.approx(3 * heights[1], rel=1e-2)


def test_histogram_shows_values_beyond_the_limit_and_leaves_out_what_is_not_finite():
    svg = histogram([0.2, 2.5, np.nan, np.inf], "mm", limit=1.0)
    ElementTree.fromstring(svg)
    assert len(bars(svg)) == 2
    assert "limit 1" in svg
    assert "p50 1.350" in svg
    assert len(bars(histogram([0.0, 0.0], "mm"))) == 1


@pytest.mark.parametrize("value", [1e-12, 0.1, 0.020000000000000004, 0.3, 7.0, 1e9])
def test_histogram_holds_values_that_are_all_alike_whatever_their_last_bits(value):
    assert len(bars(histogram([value] * 3, "mm"))) == 1


def test_stacked_bar_widths_are_the_shares():
    root = ElementTree.fromstring(stacked_bar({"motion": 3.0, "gripper": 1.0, "none": 0.0}))
    widths = [float(r.get("width")) for r in root.iter("rect") if r.get("height") == "30"]
    assert widths[0] == pytest.approx(3 * widths[1], rel=1e-2)
    assert widths[2] <= 1
    assert "75.0 %" in stacked_bar({"motion": 3.0, "gripper": 1.0})


def test_tray_plan_draws_truth_estimates_and_magnified_errors():
    true = perturb(TRAY, [0, 0, 0, 0, 0, 0])
    found = perturb(TRAY, [1e-3, 0, 0, 0, 0, 0])
    tray, size = np.eye(4), np.array([0.3, 0.1, 0.05])
    svg = tray_plan(estimates(found), box_cell(), true, tray, size)
    root = ElementTree.fromstring(svg)
    kinds = [node.get("class") for node in root.iter()]
    assert kinds.count("truth") == kinds.count("cell ok") == 6
    lines = [node for node in root.iter("line") if node.get("class") == "error"]
    assert len(lines) == 6
    lengths = [abs(float(k.get("x2")) - float(k.get("x1"))) for k in lines]
    half = 0.5 + 0.075 + 0.074 + 0.012
    assert lengths == pytest.approx([50e-3 * 940 / (2 * half)] * 6, abs=0.3)
    assert "error" not in tray_plan(estimates(found), box_cell(), TRAY[:0], tray, size)
