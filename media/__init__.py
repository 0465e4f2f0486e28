"""Recordings: where they come from, what is in them, where their bytes lie."""
