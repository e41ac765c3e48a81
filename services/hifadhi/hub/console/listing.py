"""A table as pages show it, and the same as JSON and CSV."""

import csv
import io
import json
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Cells: TypeAlias = dict[str, Any]

# Spreadsheets run a cell that starts so as a formula (OWASP, CSV injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a table: a cell that does not apply is None, instants are as on the wire.

    `after`: what the next page begins behind; None if this is the last one.
    """

    columns: tuple[str, ...]
    rows: list[Cells]
    after: str | None = None

    def to_json(self) -> str:
        """`{"data": [row], "after": …, "done": …}`; what does not apply is absent."""
        data = [{name: row[name] for name in self.columns if row[name] is not None} for row in self.rows]
        more = {} if self.after is None else {"after": self.after}
        return json.dumps({"data": data, **more, "done": self.after is None})

    def to_csv(self) -> str:
        """One header row; no cell that a spreadsheet would run."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self.columns)
        writer.writerows([_cell(row[name]) for name in self.columns] for row in self.rows)
        return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    text = " ".join(value) if isinstance(value, list | tuple) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
