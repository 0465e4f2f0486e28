"""What the io cluster calls."""

from media import fetching


def fetch(fetch_id: str) -> None:
    """Bring in the media of one fetch."""
    fetching.run(fetch_id)
