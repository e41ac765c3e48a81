import pytest
from sqlalchemy import exc

from hifadhi.errors import Unavailable
from hifadhi.store.port import contract


def _raised(error: Exception) -> None:
    with contract():
        raise error


@pytest.mark.parametrize(
    "error",
    [
        exc.OperationalError("SELECT secret", ("secret",), Exception("database is locked")),
        exc.TimeoutError("the pool is full"),
        exc.DBAPIError("SELECT secret", ("secret",), Exception("connection lost"), connection_invalidated=True),
    ],
)
def test_what_may_succeed_later_is_unavailable_and_repeats_no_statement(error: Exception) -> None:
    with pytest.raises(Unavailable) as unavailable:
        _raised(error)
    assert "secret" not in str(unavailable.value)


@pytest.mark.parametrize(
    "error",
    [
        exc.IntegrityError("INSERT", (), Exception("UNIQUE constraint failed")),
        exc.ProgrammingError("SELEC", (), Exception("syntax error")),
        ZeroDivisionError(),
    ],
)
def test_what_is_wrong_for_good_passes_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        _raised(error)
    assert raised.value is error
