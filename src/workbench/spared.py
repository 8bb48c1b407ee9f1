"""Optional parts of libraries that no notebook needs and that take long to import."""

import importlib
import sys

# Libraries with what they do without: a debugger in every kernel (0.2 s), examples made up to test a schema with (0.6 s).
WITHOUT = {"ipykernel.debugger": "debugpy", "pandera.backends.pandas.builtin_checks": "hypothesis"}


def mask() -> None:
    """Let this process do without them; before the first import of a library that would take them along.

    `rfc3987_syntax`: jsonschema would build the grammar of international addresses at its import, for a second.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def import_without() -> None:
    """Import the libraries of `WITHOUT`, each without its optional part; a notebook that asks for the part itself still gets it."""
    for library, part in WITHOUT.items():
        known = part in sys.modules
        sys.modules.setdefault(part, None)  # type: ignore[arg-type]
        try:
            importlib.import_module(library)
        finally:
            if not known:
                del sys.modules[part]
