"""Diagnostics say what went wrong and never what was in hand."""

import json

import pytest
import structlog

from hifadhi import diagnostics


def test_a_traceback_shows_no_local_variable(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.reset_defaults()
    diagnostics.configure("INFO")
    try:
        _fail("Amina of Nampula")
    except ZeroDivisionError:
        structlog.get_logger("hifadhi").exception("it failed", index=3)
    finally:
        structlog.reset_defaults()
    said = capsys.readouterr().err
    assert "Amina" not in said
    told = json.loads(said)
    assert (told["index"], told["exception"][0]["exc_type"]) == (3, "ZeroDivisionError")
    assert told["exception"][0]["frames"][-1]["name"] == "_fail"


def _fail(name: str) -> None:
    assert name
    raise ZeroDivisionError
