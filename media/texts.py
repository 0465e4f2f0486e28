"""Words that people give, made fit to be kept."""

import re

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""NUL, which PostgreSQL refuses in a text, and halves of surrogate pairs, which are no UTF-8."""


def storable(text: str, *, max_chars: int | None = None) -> str:
    """Return `text` without what no database keeps, cut to `max_chars`."""
    return _UNSTORABLE.sub("", text)[:max_chars]
