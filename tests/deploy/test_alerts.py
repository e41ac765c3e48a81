"""What operators are woken by and read then: every name in it is one that the program has."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

import hifadhi.hub.console.metrics
import hifadhi.hub.delivery.metrics
import hifadhi.hub.gateway.metrics
import hifadhi.hub.metrics
import hifadhi.hub.registry.metrics
from hifadhi.hub.problem_codes import CODES
from hifadhi.hub.server import application
from hifadhi.wiring import ALL

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
HUB = Path(hifadhi.hub.metrics.__file__).parent
RUNBOOK = (DEPLOY / "RUNBOOK.md").read_text()
GROUPS: Any = yaml.safe_load((DEPLOY / "monitoring/alerts.yml").read_text())["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
EXPRESSIONS = "\n".join(rule["expr"] for rule in RULES)
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
MODULES = [hifadhi.hub.metrics, *(vars(hifadhi.hub)[name].metrics for name in ALL)]


def known() -> set[str]:
    families = [family for family in REGISTRY.collect() if family.name.startswith("hifadhi_")]
    return {family.name + suffix for family in families for suffix in SUFFIXES[family.type]}


def said(label: str) -> set[str]:
    return set(re.findall(rf'\b{label}="([^"]+)"', EXPRESSIONS))


def headings() -> set[str]:
    return {line.lstrip("# ").lower().replace(" ", "-") for line in RUNBOOK.splitlines() if line.startswith("#")}


def test_every_metric_of_an_alert_is_one_that_a_service_gives() -> None:
    used = set(re.findall(r"\bhifadhi_\w+", EXPRESSIONS))
    assert used and used <= known()


def test_every_label_of_an_alert_is_one_that_the_metric_has() -> None:
    metrics = {one._name: set(one._labelnames) for one in _metrics()}  # noqa: SLF001 (it is told nowhere else)
    for name, labels in re.findall(r"\b(hifadhi_\w+)\{([^}]*)\}", EXPRESSIONS):
        family = re.sub(r"_(total|bucket|count|sum)$", "", name)
        assert set(re.findall(r"(\w+)=", labels)) <= metrics[family], name


def _metrics() -> list[Any]:
    return [one for module in MODULES for one in vars(module).values() if hasattr(one, "_labelnames")]


def test_every_outcome_and_every_route_is_one_that_there_is() -> None:
    assert said("outcome") and said("outcome") <= set(CODES)
    resources = {resource.canonical for resource in application({}).router.resources()}
    assert said("route") and said("route") <= resources


def test_every_alert_stands_in_the_runbook_and_the_runbook_tells_of_no_other() -> None:
    named = [rule["alert"] for rule in RULES]
    assert [rule["annotations"]["runbook"] for rule in RULES] == [f"deploy/RUNBOOK.md#{n.lower()}" for n in named]
    assert sorted(named) == sorted(re.findall(r"^### (Hifadhi\w+)$", RUNBOOK, re.MULTILINE))


def test_every_sentence_that_readyz_can_say_stands_in_the_runbook() -> None:
    sources = [(HUB / name / "service.py").read_text() for name in ALL]
    sentences = [found for text in sources for found in re.findall(r'(?<!")f?"((?:The|Delivery) [^"{\']{8,})', text)]
    assert len(sentences) >= len(ALL)
    assert [one for one in sentences if one not in RUNBOOK] == []


def test_no_link_within_the_runbook_leads_nowhere() -> None:
    links = set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK))
    assert links and links <= headings()


def test_each_alert_fires_when_it_should_and_only_then() -> None:
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    done = subprocess.run(
        [promtool, "test", "rules", "alerts_test.yml"],
        cwd=DEPLOY / "monitoring",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
