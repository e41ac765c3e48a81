import pytest

from benchmarks import answers
from benchmarks.peers import payloads
from hifadhi.agency.composing.compose import Draft
from hifadhi.errors import Refused


def test_the_peers_send_as_many_bytes_as_ours_but_for_the_element_around_them() -> None:
    around = len('<Body xmlns="urn:hifadhi:benchmark"></Body>')
    assert len(payloads.large().document) == answers.size() + around
    assert len(payloads.small().document) == 2048 + around


def test_the_large_message_is_as_large_as_its_schemas_let_it_be() -> None:
    bodies = answers.bodies()
    Draft.of("information.provided", {}, bodies)
    values = bodies["content"]["values"]
    longer = {**values[0], "value": {"text": values[0]["value"]["text"] + "።", "language": "amh"}}
    for more in ([*values, values[0]], [longer, *values[1:]]):
        with pytest.raises(Refused):
            Draft.of("information.provided", {}, {**bodies, "content": {"values": more}})
