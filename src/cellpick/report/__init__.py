"""Writes what a run leaves behind: `summary.json`, `picks.jsonl`, `report.html`, an overview PNG.

Figures, images and arrays in; files that are whole or absent out.
"""

from cellpick.report.calibration_page import write_calibration_html
from cellpick.report.campaign_data import CampaignData
from cellpick.report.campaign_markdown import campaign_markdown
from cellpick.report.campaign_page import render_campaign
from cellpick.report.effect_words import effect_lines
from cellpick.report.estimates_json import estimates_document
from cellpick.report.files import append_line, make_folder, ready_file, write_whole
from cellpick.report.junit import junit_xml
from cellpick.report.page import ReportData, write_html
from cellpick.report.pictures import write_overview_png
from cellpick.report.plain_json import json_text
from cellpick.report.run_folder import append_pick, start_run, write_summary
from cellpick.report.sensor_page import write_sensors

__all__ = [
    "CampaignData",
    "ReportData",
    "append_line",
    "append_pick",
    "campaign_markdown",
    "effect_lines",
    "estimates_document",
    "json_text",
    "junit_xml",
    "make_folder",
    "ready_file",
    "render_campaign",
    "start_run",
    "write_calibration_html",
    "write_html",
    "write_overview_png",
    "write_sensors",
    "write_summary",
    "write_whole",
]
