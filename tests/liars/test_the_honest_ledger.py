from liars.liar import Liar
from liars.real_exchange import RealExchange


def test_the_honest_ledger_stands_with_all_receipts_and_checkpoints(liar: Liar, honest: RealExchange) -> None:
    checked = liar.passes(
        dict(honest.files), receipts=tuple(honest.receipts.values()), views=tuple(honest.checkpoints.values())
    )
    assert checked.report.findings == () and checked.open == ()
    assert checked.kept == sum(raw.count(b"\n") for raw in honest.receipts.values())
    assert len(checked.agreed) == 3
    assert (checked.report.lapsed, checked.report.refused) == (1, 1)


def test_ruling_the_honest_stream_again_gives_the_honest_ledger(liar: Liar) -> None:
    """What the liar rules is ruled as the registry rules: his ledgers differ by his lies alone."""
    assert liar.ruled(liar.submissions()) == liar.leaves
    mine, honest = liar.sealed(liar.leaves), dict(liar.honest.files)
    notes = [files.pop("checkpoint").splitlines() for files in (mine, honest)]
    assert mine == honest
    assert notes[0][:-1] == notes[1][:-1]  # an ML-DSA-44 signature is another each time
