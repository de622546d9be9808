"""Parallel, sandboxed autograding for nbgrader courses."""

import sys

# jsonschema would have it build a grammar for 2 s, to check IRIs; no notebook's schema has any.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
