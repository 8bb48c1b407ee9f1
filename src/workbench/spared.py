"""Optional parts of libraries that no notebook needs and that take long to import."""

import sys


def mask() -> None:
    """Let this process do without them; before the first import of a library that would take them along.

    `rfc3987_syntax`: jsonschema would build the grammar of international addresses at its import, for a second.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
