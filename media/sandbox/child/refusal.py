"""Why this process will not read a file, as a word that its parent knows."""


class Refusal(Exception):
    """A reason, by a code that `media.sandbox.reading` turns into an error for people."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
