"""The campaign benchmark's page, its demands, and the plan of a large campaign."""

from __future__ import annotations

from typing import Any

LEAST_EFFICIENCY = 0.9
MOST_OVERHEAD_MS = 20.0
LEAST_SHARE = 0.9
MANY = 1_000_000
WORKERS = 100
HOUR_S = 3600.0


def efficiency(document: dict[str, Any]) -> float:
    """Rate of two workers over twice that of one."""
    return float(document["two"]["per_minute"] / (2 * document["one"]["per_minute"]))


def share(run: dict[str, Any]) -> float:
    """Processor time that the workers got over what as many cores of their own would give."""
    return float(run["cpu_s"] * run["episodes"] / (run["wall_s"] * run["workers"]))


def is_judged(document: dict[str, Any]) -> bool:
    """Whether the machine was quiet enough for a ratio of wall times to mean anything."""
    return min(share(document["one"]), share(document["two"])) >= LEAST_SHARE


def misses(document: dict[str, Any]) -> list[str]:
    """What is demanded and not met, or could not be seen."""
    found = efficiency(document)
    cost = document["overhead"]["mean_ms"]
    demands = {
        f"efficiency of two workers {found:.2f} < {LEAST_EFFICIENCY}": is_judged(document)
        and found < LEAST_EFFICIENCY,
        "efficiency not judged: the machine was busy": not is_judged(document),
        f"overhead {cost:.1f} ms > {MOST_OVERHEAD_MS:g} ms an episode": cost > MOST_OVERHEAD_MS,
    }
    return [words for words, missed in demands.items() if missed]


def markdown(document: dict[str, Any]) -> str:
    """The page `campaign.md`."""
    return "\n".join((*_throughput(document), *_overhead(document), *_plan(document))) + "\n"


def _throughput(document: dict[str, Any]) -> list[str]:
    runs = [document[name] for name in ("one", "two", "full")]
    stages = sorted({stage for run in runs for stage in run["stage_s"]} - {"other"})
    stages.append("other")
    rows = [
        f"| `{r['scene']}` | {r['workers']} | {r['done']} of {r['episodes']} "
        f"| {r['per_minute']:.2f} | {r['episode_s']:.1f} | {r['cpu_s']:.1f} "
        f"| {r['memory_mb']:.0f} | {r['load_before']:.1f} | "
        + " | ".join(f"{r['stage_s'].get(stage, 0.0):.2f}" for stage in stages)
        + " |"
        for r in runs
    ]
    names = " | ".join(stage.replace("_", " ") for stage in stages)
    return [
        "# What campaigns cost",
        "",
        f"cellpick {document['version']} on {document['cores']} cores: `python -m "
        "benchmarks.campaign`. Times in seconds; an episode's and its stages' are wall time, "
        "processor time includes the share of starting processes. Load: of the machine, over the "
        "minute before, by whatever else it did.",
        "",
        "| scene | workers | done | episodes a minute | episode | processor | memory MB | load "
        f"| {names} |",
        "|---" * (8 + len(stages)) + "|",
        *rows,
        "",
        _efficiency_words(document),
        "",
    ]


def _efficiency_words(document: dict[str, Any]) -> str:
    one, two = document["one"], document["two"]
    ratio = one["cpu_s"] / two["cpu_s"]
    words = f"Processor time of an episode on one worker over that on two: {ratio:.2f}. "
    if is_judged(document):
        found = f"{efficiency(document):.2f} (at least {LEAST_EFFICIENCY})"
        return words + f"Rate of two workers over twice that of one: {found}."
    return words + (
        f"Other work held the machine: the workers got {100 * share(one):.0f} % of one core and "
        f"{100 * share(two):.0f} % of two, so that the ratio of the rates, "
        f"{efficiency(document):.2f}, says nothing; it wants a quiet machine."
    )


def _overhead(document: dict[str, Any]) -> list[str]:
    cost = document["overhead"]
    return [
        "## The engine's own cost",
        "",
        f"{cost['episodes']} episodes that do nothing, on one worker, with records and pictures of "
        f"usual size: {cost['mean_ms']:.1f} ms each (median {cost['median_ms']:.1f}, p95 "
        f"{cost['p95_ms']:.1f}; at most {MOST_OVERHEAD_MS:g}), of which {cost['write_ms']:.1f} ms "
        f"bring record and picture to the disk. A process starts in {cost['start_s']:.2f} s and "
        f"serves {cost['per_process']} episodes: {cost['start_share_ms']:.0f} ms more an episode.",
        "",
    ]


def _plan(document: dict[str, Any]) -> list[str]:
    write_s = document["overhead"]["write_ms"] / 1e3
    rows = []
    for name in ("two", "full"):
        run = document[name]
        each = run["cpu_s"]
        hours = MANY * each / WORKERS / HOUR_S
        rows.append(
            f"| `{run['scene']}` | {each:.1f} | {hours:.0f} | {MANY * each / HOUR_S:.0f} "
            f"| {100 * write_s * WORKERS / each:.0f} % | {MANY * run['record_bytes'] / 1e9:.1f} "
            f"| {MANY * run['picture_bytes'] / 1e9:.0f} |"
        )
    return [
        f"## {MANY:,} episodes on {WORKERS} workers",
        "",
        "From the measured processor time of an episode, on a core of its own, with its share of "
        "starting processes. "
        "The command writes all records itself: how busy that keeps it stands beside.",
        "",
        "| scene | worker seconds an episode | hours | core hours | command busy with writing "
        "| records GB | pictures GB |",
        "|---" * 7 + "|",
        *rows,
    ]
