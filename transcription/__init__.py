"""The job, from a request to a transcript: its life, its engine, its results."""
