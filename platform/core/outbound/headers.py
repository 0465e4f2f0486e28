"""HTTP headers, as they may be sent and as they came back."""

import re
from collections.abc import Iterator, Mapping

from core.errors import Invalid

_FIXED = {"Accept-Encoding": "identity", "Connection": "close"}
_OURS = {"accept-encoding", "connection", "content-length", "expect", "host", "range", "te", "transfer-encoding"}
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")


class Headers(Mapping[str, str]):
    """The headers of an answer, whatever the case of their names."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, str] = {}
        for name, text in pairs:
            value = " ".join(text.split())  # a folded header carries line breaks
            earlier = self._values.get(name.lower())
            self._values[name.lower()] = f"{earlier}, {value}" if earlier else value

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def outgoing(given: Mapping[str, str], *, start: int = 0) -> dict[str, str]:
    """Return the headers of a request: the caller's, less those that frame the message, and our own.

    `start` > 0 asks for the bytes from there on. Raises Invalid for a name or a value that would break the message.
    """
    for name, value in given.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise Invalid("A header for this address contains characters that cannot be sent.")
    kept = {name: value for name, value in given.items() if name.lower() not in _OURS}
    if not any(name.lower() == "user-agent" for name in kept):
        kept["User-Agent"] = "Polyscribe"
    return kept | _FIXED | ({"Range": f"bytes={start}-"} if start else {})
