"""What the transcribe clusters call."""

from transcription import runner


def run() -> None:
    """Do the next job, whichever bell it was that rang."""
    runner.run_next()
