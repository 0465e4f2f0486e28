"""Organizations, the people and keys that act for them, and what is told to the outside."""
