"""Public ids: a prefix that names the thing, and 128 random bits. Integer keys never leave the house."""

import secrets

PREFIXES = {
    "organization": "org_",
    "user": "u-",
    "api_key": "key_",
    "webhook_endpoint": "whk_",
    "event": "evt_",
    "collection": "c-",
    "video": "m-",
    "audio": "a-",
    "image": "img-",
    "upload": "up-",
    "fetch": "job-",
    "transcription": "trans_",
    "transfer": "txn_",
    "request": "req_",
}


def new_id(kind: str) -> str:
    """Return a fresh id of a `kind` of PREFIXES: prefix and 32 hex digits."""
    return PREFIXES[kind] + secrets.token_hex(16)
