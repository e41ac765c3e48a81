"""The page of the reference shows all of both documents, links to what is there, and is small."""

import gzip
import re
from html.parser import HTMLParser

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from hifadhi.hub.problem_codes import CODES
from hifadhi.hub.reference import asyncapi, openapi
from hifadhi.hub.reference.operations import OPERATIONS
from hifadhi.hub.reference.page import page, problem
from hifadhi.hub.reference.records import KINDS
from hifadhi.hub.reference.wording import prose, words
from hifadhi.hub.server import application
from hifadhi.referral.message import HEADERS

MOST_BYTES = 60_000
ELSEWHERE = {"/v1/reference", "/v1/openapi.json", "/v1/asyncapi.json", "/v1/reference.css"}
ELSEWHERE |= {f"/problems/{code}" for code in CODES}
VOID = {"meta", "link"}


class Outline(HTMLParser):
    """The ids and links of a page; whatever is opened must be closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.ids += [found] if (found := said.get("id")) else []
        self.links += [found] if (found := said.get("href")) else []
        self.open += [tag] if tag not in VOID else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def shown(text: str) -> bool:
    return str(escape(text)) in page()


def test_everything_stands_on_it() -> None:
    assert all(shown(f"{one.method.upper()} {one.path}") for one in OPERATIONS)
    assert all(shown(kind.says) for kinds in KINDS.values() for kind in kinds)
    assert all(shown(message_type) for message_type in HEADERS)
    assert all(shown(what) for what, _ in CODES.values())
    for document in (openapi.document(), asyncapi.document()):
        for name, schema in document["components"]["schemas"].items():
            assert f'id="type-{name}"' in page()
            assert all(shown(member) for member in schema.get("properties", ()))


def test_a_name_means_the_same_type_in_both_documents() -> None:
    http, topics = (document()["components"]["schemas"] for document in (openapi.document, asyncapi.document))
    shared = http.keys() & topics.keys()
    assert "Envelope" in shared
    assert [name for name in shared if http[name] != topics[name]] == []


def test_every_link_leads_somewhere() -> None:
    outline = Outline(page())
    assert not outline.open
    assert len(outline.ids) == len(set(outline.ids))
    for link in outline.links:
        assert link in ELSEWHERE or link.rpartition("#")[2] in outline.ids, link


def test_every_problem_has_its_page() -> None:
    for code, (what, mend) in CODES.items():
        outline, text = Outline(problem(code)), problem(code)
        assert not outline.open
        assert all(str(escape(said)) in text for said in (code, what, mend))
        assert {link.partition("#")[0] for link in outline.links} <= {"", *ELSEWHERE}


def test_it_is_light() -> None:
    assert len(gzip.compress(page().encode())) < MOST_BYTES


@given(st.text(alphabet="<>&\"'`ab \n"))
def test_nothing_in_a_description_is_obeyed(text: str) -> None:
    assert not re.search("[<>\"']", re.sub(r"</?(p|code)>", "", prose(text)))


def test_a_description_has_paragraphs_and_code() -> None:
    assert prose("One `a<b`.\n\nTwo.") == "<p>One <code>a&lt;b</code>.</p><p>Two.</p>"


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$ref": "#/components/schemas/Item"}, '<a href="#type-Item">Item</a>'),
        ({"type": "string"}, "text"),
        ({"type": "string", "pattern": "^<$"}, "text like <code>^&lt;$</code>"),
        ({"const": True}, "<code>true</code>"),
        ({"enum": ["a", 1]}, "<code>a</code> or <code>1</code>"),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, "true or false or null"),
        ({"type": "integer", "minimum": 1}, "whole number, 1 or more"),
        ({"type": "integer", "minimum": 400, "maximum": 599}, "whole number, 400 to 599"),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 9}, "list, 0 to 9 of text"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "object, of each name: text"),
        ({"type": "object", "additionalProperties": True}, "object"),
        ({}, "any JSON"),
    ],
)
def test_a_schema_in_words(schema: dict[str, object], said: str) -> None:
    assert str(words(schema)) == said


async def test_it_is_served_with_its_style_under_the_strict_policy() -> None:
    async with TestClient(TestServer(application({}))) as client:
        answer = await client.get("/v1/reference")
        assert (answer.status, await answer.text()) == (200, page())
        assert answer.headers["Content-Encoding"] in {"gzip", "deflate"}
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        mended = await client.get("/problems/SCHEMA")
        assert (mended.status, await mended.text()) == (200, problem("SCHEMA"))
        assert (await client.get("/problems/NONE")).status == 404
        style = await client.get("/v1/reference.css")
        assert (style.status, style.content_type) == (200, "text/css")
        assert await (await client.get("/v1/asyncapi.json")).json() == asyncapi.document()
