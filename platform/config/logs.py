"""Log lines as JSON, without keys, signed links or transcripts."""

import json
import logging
import re
from datetime import UTC, datetime

from core.context import request_id

# Rather too much than too little: a quotation mark may be part of a URL, and so may a second @.
_SECRETS = re.compile(
    r"sk-[0-9A-Za-z]{8,}"  # API keys
    r"|\b[rs]k_(?:live|test)_[0-9A-Za-z]+"  # the payment gateway's
    r"|whsec_[0-9A-Za-z+/=_-]+"  # webhook secrets
    r"|(?:(?<=/files/)|(?<=/upload/)|(?<=/watch/))[^\s\"'?]+"  # links that are themselves the credential
    r"|(?<=\?)\S+"  # query strings: signatures of other people's storage
    r"|(?<=://)[^\s?#]*@"  # user and password in a URL
)


def scrub(text: str) -> str:
    """Return `text` with everything that opens a door replaced by a dash."""
    return _SECRETS.sub("-", text)


class Scrub(logging.Filter):
    """Formats a record's message once and takes the secrets out, before any handler writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # arguments that do not fit: a library's slip is not the caller's
            message = f"{record.msg} {record.args}"
        record.msg, record.args = scrub(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:  # perhaps written by another handler's formatter before
            record.exc_text = scrub(record.exc_text)
        return True


class JsonFormatter(logging.Formatter):
    """One line a record: time, level, logger, message, request id, and the trace of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request_id"] = scrub(request_id.get())  # perhaps the client's own word
        if record.exc_text:
            line["trace"] = record.exc_text
        return json.dumps(line, ensure_ascii=False)
