"""Figures of the whole path, side by side in one run: `make bench`."""
