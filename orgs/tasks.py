"""What a cluster calls, by dotted path, for organizations."""

from orgs import delivery


def deliver(delivery_id: str) -> None:
    """Make one attempt at the delivery with this primary key."""
    delivery.send(int(delivery_id))
