"""Optional parts of libraries that no notebook needs and that take long to import."""

import importlib
import sys

# Libraries with what they do without: a debugger in every kernel (0.2 s), examples made up to test a schema with (0.6 s), files
# of a Hadoop cluster, with which all of pyarrow would come before a notebook begins (0.15 s).
WITHOUT = {
    "ipykernel.debugger": "debugpy", "pandera.backends.pandas.builtin_checks": "hypothesis", "papermill.iorw": "pyarrow.fs",
}  # fmt: skip


def mask() -> None:
    """Let this process do without them; before the first import of a library that would take them along.

    jsonschema would build the grammar of international addresses at its import, for a second (`rfc3987_syntax`), and read periods
    of time (`isoduration`), of which a notebook's schema has none.
    """
    for name in ("rfc3987_syntax", "isoduration"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def import_without(*libraries: str) -> None:
    """Import libraries of `WITHOUT`, all unless named, each without its optional part; who asks for the part still gets it."""
    for library in libraries or WITHOUT:
        part = WITHOUT[library]
        known = part in sys.modules
        sys.modules.setdefault(part, None)  # type: ignore[arg-type]
        try:
            importlib.import_module(library)
        finally:
            if not known:
                del sys.modules[part]
