"""What a fetched file calls itself, made safe to show and to store as a label."""

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

MAX_CHARS = 200

_EXTENDED = re.compile(r";\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]+)", re.IGNORECASE)
_QUOTED = re.compile(r';\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_BARE = re.compile(r';\s*filename\s*=\s*([^";\s]+)', re.IGNORECASE)


def name_of(disposition: str | None, target: str) -> str | None:
    """Return the file name of a Content-Disposition header (RFC 6266), else of a URL's path, else None.

    The name is a last path component without control or invisible characters, without dots at its ends, and at most
    200 characters long. It is a label: nothing on disk is ever named by it.
    """
    return _safe(_announced(disposition or "")) or _safe(unquote(target.partition("?")[0]))


def _announced(disposition: str) -> str:
    if found := _EXTENDED.search(disposition):
        return unquote(found[2], encoding=found[1])
    if found := _QUOTED.search(disposition):
        return _reread(re.sub(r"\\(.)", r"\1", found[1]))
    if found := _BARE.search(disposition):
        return _reread(found[1])
    return ""


def _reread(text: str) -> str:
    """Return `text` as UTF-8 if its bytes are that: many servers send raw UTF-8 where RFC 9110 knows Latin-1."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _safe(name: str) -> str | None:
    last = " ".join(re.split(r"[/\\]", name)[-1].split())
    shown = "".join(character for character in last if character.isprintable()).strip(" .")
    if len(shown) > MAX_CHARS:
        suffix = PurePosixPath(shown).suffix
        suffix = suffix if len(suffix) <= 20 else ""
        shown = shown[: MAX_CHARS - len(suffix)] + suffix
    return shown or None
