"""Each service's card is held against the flow: what it says that it reads and writes is what the topics say."""

import importlib
import re

import pytest

from hifadhi.stream.topics import FLOW

SERVICES = ("gateway", "registry", "delivery", "console")
NAMES = {topic.name for topic in FLOW}


def card(service: str, word: str) -> set[str]:
    text = importlib.import_module(f"hifadhi.hub.{service}").__doc__ or ""
    found = re.search(rf"^{word}: (.*?)(?=^\w+: |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{service} has no line '{word}:'"
    return {name for name in NAMES if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", found[1])}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_what_its_card_says(service: str) -> None:
    assert card(service, "Reads") == {topic.name for topic in FLOW if service in topic.read_by}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_what_its_card_says(service: str) -> None:
    assert card(service, "Writes") == {topic.name for topic in FLOW if service in topic.written_by}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("word", ["Role", "Holds", "Never"])
def test_a_card_is_complete(service: str, word: str) -> None:
    assert re.search(rf"^{word}: \S", importlib.import_module(f"hifadhi.hub.{service}").__doc__ or "", re.MULTILINE)
