"""The recipes for clusters: what they hand to Dask, Kubernetes and SLURM is what these take."""

from __future__ import annotations

import ast
import re
import shlex
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml

from cellpick.campaign.cluster import ADDRESS

ROOT = Path(__file__).resolve().parents[2]
DOCS = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)]
SLURM = re.search(r"```python\n(.*?)```", DOCS, re.DOTALL)
GB_A_THREAD, GB_A_WORKER = 1.5, 0.2


def block(kind):
    return next(b for b in BLOCKS if b["kind"] == kind)


def container(part):
    return block("DaskCluster")["spec"][part]["spec"]["containers"][0]


def options_of(role, arguments):
    """What Dask's own command line makes of them."""
    pytest.importorskip("distributed", reason="needs the extra `cluster`")
    (found,) = (e for e in entry_points(group="dask_cli") if e.name == role)
    return found.load().make_context(role, list(arguments)).params


def slurm_options():
    """Keyword -> value of the documented `SLURMCluster`."""
    calls = [node for node in ast.walk(ast.parse(SLURM[1])) if isinstance(node, ast.Call)]
    (made,) = (c for c in calls if getattr(c.func, "id", "") == "SLURMCluster")
    return {keyword.arg: ast.literal_eval(keyword.value) for keyword in made.keywords}


def minutes(hms):
    hours, least, seconds = map(int, hms.split(":"))
    return 60 * hours + least + seconds / 60


def test_the_needed_memory_is_what_the_docs_ask_for():
    assert f"- {GB_A_THREAD} GB of memory a thread, and {GB_A_WORKER} GB a worker" in DOCS


def test_dask_takes_the_plain_commands():
    lines = [shlex.split(s) for s in re.findall(r"^    dask (.*)$", DOCS, re.MULTILINE)]
    assert [line[0] for line in lines] == ["scheduler", "worker"]
    assert options_of(*_split(lines[0]))["port"] == "8786"
    assert _worker(lines[1][1:]) == (1, "0")


def test_the_pods_run_commands_that_dask_has():
    scheduler, worker = container("scheduler")["args"], container("worker")["args"]
    assert scheduler[0] == worker[0] == "dask"
    options_of(*_split(scheduler[1:]))
    assert worker[1] == "worker"
    assert _worker(worker[2:]) == (4, "0")
    assert options_of("worker", worker[2:])["name"] == "$(DASK_WORKER_NAME)"


def test_a_worker_pod_has_the_memory_that_its_threads_need():
    threads, _ = _worker(container("worker")["args"][2:])
    resources = container("worker")["resources"]
    asked = {what: int(resources[what]["memory"].removesuffix("Gi")) for what in resources}
    assert asked["requests"] == asked["limits"] >= threads * GB_A_THREAD + GB_A_WORKER
    assert resources["requests"]["cpu"] == str(threads)


def test_the_service_leads_to_the_ports_of_the_scheduler():
    cluster = block("DaskCluster")
    service = cluster["spec"]["scheduler"]["service"]
    ports = {port["name"]: port["containerPort"] for port in container("scheduler")["ports"]}
    # the names by which the operator looks them up
    assert ports == {"tcp-comm": 8786, "http-dashboard": 8787}
    assert {p["targetPort"]: p["port"] for p in service["ports"]} == ports
    assert container("scheduler")["readinessProbe"]["httpGet"]["port"] in ports
    assert service["selector"] == {
        "dask.org/cluster-name": cluster["metadata"]["name"],
        "dask.org/component": "scheduler",
    }


def test_the_command_finds_the_service_by_the_name_that_the_operator_gives():
    service = f"{block('DaskCluster')['metadata']['name']}-scheduler"
    assert f"kubectl port-forward service/{service} 8786" in DOCS
    arguments = _bench()["args"]
    address = arguments[arguments.index("--cluster") + 1]
    assert address == f"tcp://{service}:8786"
    assert ADDRESS.fullmatch(address)


def test_the_job_keeps_its_results_on_its_volume_and_ends_with_a_verdict():
    spec = block("Job")["spec"]
    arguments = _bench()["args"]
    (mount,) = _bench()["volumeMounts"]
    assert arguments[arguments.index("--out") + 1].startswith(f"{mount['mountPath']}/")
    assert [v["name"] for v in spec["template"]["spec"]["volumes"]] == [mount["name"]]
    (rule,) = spec["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailJob", [1, 2])
    assert rule["onExitCodes"]["containerName"] == _bench()["name"]


def test_all_pods_run_one_image_and_the_docs_make_it():
    images = {container("scheduler")["image"], container("worker")["image"], _bench()["image"]}
    assert len(images) == 1
    assert f"docker build -t {images.pop()} ." in DOCS


def test_slurms_workers_leave_before_their_wall_time_with_the_memory_that_they_need():
    parse_timedelta = pytest.importorskip("dask.utils").parse_timedelta
    given = slurm_options()
    worker = options_of("worker", ["tcp://a:1", *given["worker_extra_args"]])
    longest_s = parse_timedelta(worker["lifetime"]) + parse_timedelta(worker["lifetime_stagger"])
    assert longest_s < 60 * minutes(given["walltime"])
    assert worker["memory_limit"] == "0"
    assert given["processes"] == 1
    needed = given["cores"] * GB_A_THREAD + GB_A_WORKER
    assert int(given["memory"].removesuffix("GB")) >= needed


def test_slurms_jobs_are_replaced_for_as_long_as_the_command_runs():
    assert "cluster.adapt(minimum_jobs=JOBS, maximum_jobs=JOBS)" in SLURM[1]
    # a job has no keyboard
    assert "input(" not in SLURM[1]


def test_the_image_is_that_of_the_gitlab_job_with_the_libraries_and_the_pinned_extra():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    ci = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    base = re.search(r"^FROM (\S+)$", text, re.MULTILINE)[1]
    assert f"  image: {base}\n" in ci
    assert 'pip install --no-cache-dir "/src[cluster]" -c /src/constraints.txt' in text
    assert "python -I /src/src/cellpick/cli/shared_libraries.py" in text
    assert "ENTRYPOINT" not in text


def _bench():
    return block("Job")["spec"]["template"]["spec"]["containers"][0]


def _split(line):
    return line[0], line[1:]


def _worker(arguments):
    """Threads and memory limit that a worker would start with."""
    found = options_of("worker", arguments)
    return found["nthreads"], found["memory_limit"]
