from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, Table, UniqueConstraint

from hifadhi.store.metadata import METADATA


def test_every_constraint_gets_a_name_so_that_a_migration_can_find_it() -> None:
    metadata = MetaData(naming_convention=METADATA.naming_convention)
    Table("case", metadata, Column("id", Integer, primary_key=True))
    table = Table(
        "clock",
        metadata,
        Column("a", Integer, primary_key=True),
        Column("b", Integer, ForeignKey("case.id")),
        UniqueConstraint("a", "b"),
        CheckConstraint("a > 0", name="positive"),
        Index(None, "b", "a"),
    )
    named = {constraint.name for constraint in table.constraints} | {index.name for index in table.indexes}
    assert named == {"pk_clock", "fk_clock_b_case", "uq_clock_a_b", "ck_clock_positive", "ix_clock_b_a"}
