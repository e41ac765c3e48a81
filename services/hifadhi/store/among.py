"""`among(column, "ids")`: whether a column is one of a list, which is bound as one value however long it is.

An IN list is another statement for every length: written anew at each execution, prepared anew by the server.
"""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import BindParameter, Boolean, ColumnElement, Dialect, Text, TypeDecorator, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class _Listed(TypeDecorator[Collection[Any]]):
    """A list of values of one type: an array in PostgreSQL, a JSON text in SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.of) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:  # noqa: ANN401 (the driver's)
        listed = list(value or ())
        return listed if dialect.name == "postgresql" else json.dumps(listed)


class _Among(FunctionElement[bool]):
    type = Boolean()
    name = "among"
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:  # noqa: ANN401, ARG002 (SQLAlchemy's own)
        """A condition as it is: SQLite's dialect would compare it with 1, and no index helps with that."""
        return self


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """A condition; the list, of texts or of whole numbers, is bound to `name`. An empty one holds nothing."""
    listed: BindParameter[Any] = bindparam(name, type_=_Listed(column.type))
    return _Among(column, listed)


@compiles(_Among, "postgresql")
def _array(element: _Among, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 (SQLAlchemy's own)
    column, listed = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} = ANY({listed})"


@compiles(_Among, "sqlite")
def _json(element: _Among, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 (as above)
    column, listed = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 (both are SQLAlchemy's words)
