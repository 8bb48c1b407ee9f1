"""What an importer of forms saw, assumed and left out: rows for `import_notes.csv`, worded by `data/form_notes.csv`."""

from functools import cache

import pandas as pd

from workbench import dictionary

COLUMNS = ["table", "id", "field", "seen", "severity", "message"]


@cache
def catalogue():
    """The notes by name: table, field, severity, message, tolerance with unit and source."""
    return dictionary.read_table("form_notes").set_index("note")


def tolerance(kind):
    """The threshold of a note, in the unit its row states (% or ratio)."""
    return float(catalogue().at[kind, "tolerance"])


def apart(one, other, kind):
    """Whether two figures differ by more than the tolerance of a note, in percent of the larger."""
    return abs(one - other) > tolerance(kind) / 100 * max(abs(one), abs(other))


def shown(value):
    """A figure as a message shows it: up to six digits, thousands parted; text on one line."""
    if isinstance(value, str):
        return " ".join(value.split())[:200]
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def note(kind, key, seen="", **facts):
    """One row (table, id, field, seen, severity, message)."""
    row = catalogue().loc[kind]
    message = row["message"].format(seen=shown(seen), **{name: shown(value) for name, value in facts.items()})
    return (row["table"], key, row["field"], shown(seen), row["severity"], message)


def frame(rows):
    """The notes as a table, in a fixed order, each once."""
    table = pd.DataFrame(rows, columns=COLUMNS).drop_duplicates()
    return table.sort_values(["id", "table", "field", "message"], kind="stable").reset_index(drop=True)
