"""The CI files: they parse, their script does what it says, and their docs name what there is."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from cellpick.campaign import load_suite
from cellpick.campaign.figure_kinds import FIGURES
from cellpick.campaign.suite_file import CaseSpec, LimitSpec, SequentialSpec, SuiteSpec
from cellpick.cli.shared_libraries import DEBIAN_PACKAGES

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SNIPPETS = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)]


def bench_step():
    return next(step for step in ACTION["runs"]["steps"] if step.get("id") == "bench")


@pytest.fixture
def run_step(tmp_path):
    """Run the action's script with a command `cellpick` that notes its arguments."""

    def run(code: int, **env: str) -> tuple[int, list[str], str, str]:
        fake = tmp_path / "bin" / "cellpick"
        fake.parent.mkdir(exist_ok=True)
        said = tmp_path / "arguments"
        fake.write_text(
            f'#!/bin/bash\nprintf "%s\\n" "$@" > {said}\nmkdir -p "$4"\n'
            f'[ {code} -gt 1 ] || echo "# summary" > "$4/summary.md"\nexit {code}\n'
        )
        fake.chmod(0o755)
        output, summary = tmp_path / "output", tmp_path / "summary"
        given = {"SUITE": "smoke", "OUT": "my results", "BASELINE": "", "ARGUMENTS": ""} | env
        ended = subprocess.run(
            # as GitHub starts a step with `shell: bash`
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", bench_step()["run"]],
            cwd=tmp_path,
            check=False,
            env={
                "PATH": f"{fake.parent}:{os.environ['PATH']}",
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(summary),
                **given,
            },
        )
        told = summary.read_text() if summary.exists() else ""
        return ended.returncode, said.read_text().splitlines(), output.read_text(), told

    return run


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_the_action_ends_as_the_command_does_and_still_shows_its_summary(code, run_step):
    ended, arguments, output, summary = run_step(code)
    assert ended == code
    assert arguments == ["bench", "smoke", "--out", "my results"]
    assert output == f"exit-code={code}\n"
    assert summary == ("# summary\n" if code < 2 else "")


def test_its_inputs_become_arguments_and_are_no_script(run_step, tmp_path):
    _, arguments, _, _ = run_step(
        0, SUITE="$(touch broken)", BASELINE="b c.json", ARGUMENTS="--sequential --workers 2"
    )
    assert arguments[1] == "$(touch broken)"
    assert arguments[4:] == ["--sequential", "--workers", "2", "--baseline", "b c.json"]
    assert not (tmp_path / "broken").exists()


def test_further_arguments_may_stand_on_several_lines(run_step):
    _, arguments, _, _ = run_step(0, ARGUMENTS="--sequential\n--workers 2\n")
    assert arguments[4:] == ["--sequential", "--workers", "2"]


def test_no_input_stands_in_a_script_itself():
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)


def test_the_projects_own_workflow_runs_the_tests_and_the_smoke_suite():
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    assert any("make test" in step.get("run", "") for step in jobs["test"]["steps"])
    assert {"uses": "./", "with": {"suite": "smoke"}} in jobs["smoke"]["steps"]


def test_the_docs_name_every_figure_and_no_other():
    table = DOCS.split("| figure | limit |")[1].split("\n\n")[0]
    named = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row[:60])]
    assert sorted(named) == sorted(FIGURES)
    for row in table.splitlines()[2:]:
        cells = [cell.strip() for cell in row.split("|")[1:-1]]
        least = {FIGURES[name].more_is_better for name in re.findall(r"`(\w+)`", cells[0])}
        assert least == {cells[1] == "least"}


def test_the_documented_suite_is_one(tmp_path):
    suite = next(s for s in SNIPPETS if "cases" in s)
    suite["cases"][0]["scene"] = "prismatic_tray"
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump(suite))
    loaded = load_suite(path)
    assert [len(case.seeds) for case in loaded.cases] == [20, 20, 20]


def test_the_documented_suite_shows_every_key_that_a_suite_may_have():
    suite = next(s for s in SNIPPETS if "cases" in s)
    assert suite.keys() == SuiteSpec.model_fields.keys()
    assert suite["cases"][0].keys() == CaseSpec.model_fields.keys()
    limits = suite["thresholds"]["success_rate"].keys()
    assert limits == LimitSpec.model_fields.keys()
    assert suite["sequential"].keys() <= SequentialSpec.model_fields.keys()


def test_the_documented_jobs_give_the_action_what_it_takes_and_keep_the_report():
    github = next(s for s in SNIPPETS if "jobs" in s)["jobs"]["grasping"]["steps"][1]
    assert github["with"].keys() <= ACTION["inputs"].keys()
    gitlab = next(s for s in SNIPPETS if "grasping" in s)["grasping"]
    assert gitlab["artifacts"]["reports"]["junit"] == "results/junit.xml"
    assert gitlab["artifacts"]["when"] == "always"
    needed = set(DEBIAN_PACKAGES.values()) - {"libstdc++6"}
    assert needed <= set(gitlab["script"][0].split())
