"""Synapses: what they cost, who has how many, and a journal that is never rewritten."""
