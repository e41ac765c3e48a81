"""From facts to HTML: templates of this package, every value escaped."""

from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

from hifadhi.evidence import story
from hifadhi.hub import templates
from hifadhi.hub.console import assets
from hifadhi.hub.console.age import age, until
from hifadhi.referral import instant


def render(template: str, **facts: Any) -> str:  # noqa: ANN401 (what the template shows)
    """The page."""
    return _ENVIRONMENT.get_template(template).render(**facts)


def utc(written: str) -> Markup:
    """An instant of the wire as people read it, its zone always printed."""
    day, time = written.removesuffix("Z").split("T")
    return Markup('<time datetime="{}"><span>{}</span> <span>{} UTC</span></time>').format(
        written, day, time.split(".")[0]
    )


def _environment() -> Environment:
    made = templates.of("hifadhi.hub.console")
    made.filters |= {"utc": utc, "age": age, "written": instant.write}
    made.globals |= {"waiting_words": story.WAITING, "until": _until, "age_of": _age_of}
    made.globals |= {"assets": assets.ADDRESSES}
    return made


def _age_of(written: str, now_ms: int) -> str:
    return age(now_ms - instant.parse(written))


def _until(written: str, now_ms: int) -> str:
    return until(instant.parse(written), now_ms)


_ENVIRONMENT: Final = _environment()
