"""The campaign's page in a real browser: no message on its console, every plot drawn."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))
from campaign_page_stage import ended, looked, record, records, suite, sweep

from cellpick.report import CampaignData, render_campaign

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), "")
pytestmark = pytest.mark.skipif(not BROWSER, reason="no chromium or google-chrome on the PATH")

PROBE = """<script>
window.addEventListener("load", () => {
  const choices = [...document.querySelectorAll(".chooser > input")];
  const shown = choices.map((choice) => {
    choice.checked = true;
    return [...document.querySelectorAll(".chosen")].map((part) => part.offsetHeight > 0);
  });
  const opened = document.createElement("style");
  opened.textContent = ".chosen { display: block !important; }";
  document.head.append(opened);
  const told = [...document.querySelectorAll("svg")].map((svg) => {
    const box = svg.getBoundingClientRect();
    const marks = [...svg.querySelectorAll("rect, circle, line, polyline")].filter((mark) => {
      const own = mark.getBoundingClientRect();
      const style = getComputedStyle(mark);
      return own.width + own.height > 0 && (style.fill !== "none" || style.stroke !== "none");
    });
    const out = [...svg.querySelectorAll("rect, circle, line, text")].filter((mark) => {
      const own = mark.getBoundingClientRect();
      return own.left < box.left - 1 || own.right > box.right + 1
          || own.top < box.top - 1 || own.bottom > box.bottom + 1;
    });
    return {width: box.width, height: box.height, marks: marks.length,
            out: out.map((mark) => mark.textContent || mark.outerHTML)};
  });
  const images = [...document.images].map((image) => image.naturalWidth);
  const page = {wide: document.documentElement.scrollWidth, window: window.innerWidth};
  document.body.dataset.told = JSON.stringify({plots: told, images, page, shown});
});
</script>"""
"""Put into a copy of the page: what the browser made of it."""


def browse(tmp_path, page, *options):
    """The browser's own answer to a page."""
    file = tmp_path / "page.html"
    file.write_text(page, encoding="utf-8")
    command = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-extensions", "--disable-background-networking",
        f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--v=0",
        *options, file.as_uri(),
    ]  # fmt: skip
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=180, check=True
    )
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def probed(tmp_path, page, *options):
    """What the probe saw: plots, images, the page's width."""
    dom, console = browse(
        tmp_path, page.replace("</body>", PROBE + "</body>"), "--dump-dom", *options
    )
    assert console == []
    told = re.search(r'data-told="([^"]*)"', dom).group(1)
    return json.loads(told.replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">"))


def test_the_console_is_heard(tmp_path):
    page = "<!doctype html><body><script>console.error('so'); nothing.at.all</script></body>"
    _, console = browse(tmp_path, page, "--dump-dom")
    assert "so" in console[0]
    assert "nothing is not defined" in console[1]


LONG = "prismatic_tray with a name that goes on, " * 5 + "<&>\u96fb\u6c60"
ODD = [
    record(1, case=LONG, command=f"cellpick run {LONG} --seed 1", inputs={LONG: LONG}),
    ended("raised", LONG, 2, traceback=LONG * 9, case="x" * 200),
    looked(3, 9, scene="look_glare"),
    looked(4, 0, scene="\u96fb\u6c60"),
]


@pytest.mark.parametrize(
    ("data", "plots"),
    [
        (suite(), 10),
        (sweep(), 32),
        (suite(ODD), 7),
        (suite([looked(k, 11) for k in range(3)]), 4),
        (CampaignData(campaign={}), 0),
    ],
    ids=["suite", "sweep", "odd", "looks", "empty"],
)
def test_a_browser_draws_every_plot_and_says_nothing(tmp_path, data, plots):
    page = render_campaign(data)
    told = probed(tmp_path, page, "--window-size=1240,1000")
    assert len(told["plots"]) == page.count("<svg") == plots
    for plot in told["plots"]:
        assert plot["width"] > 200
        assert plot["height"] > 40
        assert plot["marks"] >= 3
        assert plot["out"] == []
    assert len(told["images"]) == page.count("<img")
    assert all(width > 0 for width in told["images"])
    assert told["page"]["wide"] <= told["page"]["window"]
    figures = len(told["shown"])
    assert told["shown"] == [[k == chosen for k in range(figures)] for chosen in range(figures)]
    assert figures == page.count('class="chosen"')


def test_a_narrow_window_scrolls_its_panels_not_the_page(tmp_path):
    told = probed(tmp_path, render_campaign(suite()), "--window-size=500,900")
    assert told["page"]["wide"] <= told["page"]["window"]


@pytest.mark.parametrize(("scheme", "dark"), [("1", False), ("0", True)], ids=["light", "dark"])
def test_the_page_follows_the_scheme_that_is_preferred(tmp_path, scheme, dark):
    data = replace(suite(records(12)), pictures={})
    shot = tmp_path / "shot.png"
    _, console = browse(
        tmp_path, render_campaign(data), f"--blink-settings=preferredColorScheme={scheme}",
        "--window-size=1240,1400", f"--screenshot={shot}",
    )  # fmt: skip
    assert console == []
    image = cv2.imread(str(shot))
    assert image.shape == (1400, 1240, 3)
    assert (image[20, 20] < 60).all() if dark else (image[20, 20] > 200).all()
    assert image.std() > 5
