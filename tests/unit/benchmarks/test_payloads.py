import uuid

from benchmarks import answers
from benchmarks.peers import payloads
from hifadhi.agency.compose import Draft


def test_the_peers_send_as_many_bytes_as_ours_but_for_the_element_around_them() -> None:
    around = len('<Body xmlns="urn:hifadhi:benchmark"></Body>')
    assert len(payloads.large().document) == answers.size() + around
    assert len(payloads.small().document) == 2048 + around


def test_the_large_message_is_as_large_as_its_schemas_let_it_be() -> None:
    draft = answers.Question(str(uuid.uuid4()), str(uuid.uuid4()), str(uuid.uuid4())).draft()
    assert isinstance(draft, Draft) and 97_000 < answers.size() < 98_000
    assert all(
        len(body["values"]) == 16 and len(body["values"][0]["value"]["text"]) == 1000
        for body in answers.bodies().values()
    )
