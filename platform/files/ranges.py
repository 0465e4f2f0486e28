"""Which part of a file a client wants (RFC 9110, section 14)."""

import re
from dataclasses import dataclass

from core.errors import Invalid

_SPEC = re.compile(r"bytes=[ \t]*(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Invalid):
    """The file ends before the part that was asked for begins.

    Details: `size`, of the whole file in bytes.
    """

    code = "range_not_satisfiable"


@dataclass(frozen=True)
class Span:
    """The bytes from `first` to `last`, both included, of a file of `size` bytes."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    @property
    def content_range(self) -> str:
        return f"bytes {self.first}-{self.last}/{self.size}"


def wanted(header: str | None, *, size: int, etag: str, if_range: str | None = None) -> Span | None:
    """Return the one range that a Range header asks for, or None when the whole file is to be sent.

    That is so without a header, for several ranges, for what is no range of bytes, and when `if_range` names another
    version of the file than `etag`, a strong one. Raises Unsatisfiable.
    """
    match = _SPEC.fullmatch(header or "")
    if not match or not (match["first"] or match["last"]) or (if_range and if_range.strip() != etag):
        return None
    if not match["first"]:
        return _suffix(int(match["last"]), size)
    first = int(match["first"])
    last = int(match["last"]) if match["last"] else size - 1
    if last < first and match["last"]:
        return None
    if first >= size:
        raise Unsatisfiable(size=size)
    return Span(first, min(last, size - 1), size)


def _suffix(length: int, size: int) -> Span:
    if length == 0:
        raise Unsatisfiable(size=size)
    return Span(max(0, size - length), size - 1, size)
