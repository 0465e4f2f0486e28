"""What every line written during one request or task shares: its request id."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
