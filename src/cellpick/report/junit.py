"""JUnit XML of a suite: a test suite a case, a test case a limit.

Valid by the schema of Apache Ant's reports (windyroad/JUnit-Schema) and by that of Jenkins' xUnit
plugin (junit-10.xsd), which differ in what they leave out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from cellpick.report.campaign_words import change_words, sequential_words, verdict_line

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class _Check:
    name: str
    failure: str = ""
    """In one line; empty where it passes."""
    kind: str = ""
    text: str = ""


def junit_xml(
    results: Mapping[str, Any], times_s: Mapping[str, float], timestamp: str, hostname: str
) -> bytes:
    """The document of `results.json`, as UTF-8.

    `times_s`: case -> wall time of its episodes; `timestamp`: ISO 8601 to the second without a time
    zone, as both schemas want it.
    """
    suites = [
        (case, [_of_verdict(v) for v in results["verdicts"] if v["case"] == case])
        for case in results["figures"]
    ]
    if results["baseline"]:
        changes = results["baseline"]["figures"].items()
        suites.append(("baseline", [_of_change(name, change) for name, change in changes]))
    if results["sequential"]:
        suites.append(("sequential", [_of_test(results["sequential"])]))
    root = ElementTree.Element("testsuites")
    for number, (name, checks) in enumerate(suites):
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            {
                "name": _token(name),
                "package": _token(results["name"]),
                "id": str(number),
                "tests": str(len(checks)),
                "failures": str(sum(bool(check.failure) for check in checks)),
                "errors": "0",
                "skipped": "0",
                "time": f"{times_s.get(name, 0.0):.3f}",
                "timestamp": timestamp,
                "hostname": _token(hostname),
            },
        )
        _fill(suite, f"{results['name']}.{name}", checks, results)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _fill(
    suite: ElementTree.Element, owner: str, checks: Sequence[_Check], results: Mapping[str, Any]
) -> None:
    properties = ElementTree.SubElement(suite, "properties")
    for key in ("version", "revision", "digest"):
        ElementTree.SubElement(properties, "property", name=key, value=str(results[key]))
    for check in checks:
        # the schemas ask for a time; judging a figure takes none
        case = ElementTree.SubElement(
            suite, "testcase", name=_token(check.name), classname=_token(owner), time="0"
        )
        if check.failure:
            failure = ElementTree.SubElement(
                case, "failure", message=_clean(check.failure), type=check.kind
            )
            failure.text = _clean(check.text)
    ElementTree.SubElement(suite, "system-out")
    ElementTree.SubElement(suite, "system-err")


def _of_verdict(verdict: Mapping[str, Any]) -> _Check:
    if verdict["status"] == "pass":
        return _Check(verdict["rule"])
    line = verdict_line(verdict)
    worst = "" if verdict["seed"] is None else f"\nworst seed: {verdict['seed']}"
    command = f"\nreproduce: {verdict['command']}" if verdict["command"] else ""
    kind = "missed limit" if verdict["status"] == "fail" else "no data"
    return _Check(verdict["rule"], line, kind, f"{line}{worst}{command}\n")


def _of_change(name: str, change: Mapping[str, Any]) -> _Check:
    words = change_words(name, change)
    worse = change["verdict"] == "worse"
    return _Check(name, words, "worse than the baseline", f"{words}\n") if worse else _Check(name)


def _of_test(test: Mapping[str, Any]) -> _Check:
    words = sequential_words(test)
    failed = test["verdict"] == "fail"
    return (
        _Check("success_rate", words, "failed", f"{words}\n") if failed else _Check("success_rate")
    )


def _clean(text: str) -> str:
    """Without the characters that XML has no way to write."""
    return _NOT_XML.sub("\ufffd", text)


def _token(text: str) -> str:
    """As the schemas want names: no line breaks, no spaces at the ends or in a row."""
    return " ".join(_clean(text).split()) or "-"
