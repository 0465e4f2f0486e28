"""What may be asked of a job."""

import hashlib
import json
from dataclasses import asdict, dataclass

from django.conf import settings

from billing.pricing import Priority
from core.errors import Invalid, Unavailable
from transcription import languages
from transcription.engine import catalogue

TASKS = ("transcribe", "translate")
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class JobOptions:
    """How a recording is to be transcribed. Empty values leave the choice to the platform."""

    model: str = ""
    language: str = ""
    """Whisper's code (`languages.py`); empty means: find out."""
    task: str = "transcribe"
    prompt: str = ""
    priority: str = Priority.NORMAL
    device: str = "auto"

    def checked(self) -> "JobOptions":
        """Return these options with the defaults filled in.

        Raises Invalid with the name of the field that is wrong, Unavailable for a device that nobody here has.
        """
        _among("task", self.task, TASKS)
        _among("priority", self.priority, tuple(Priority))
        _among("device", self.device, DEVICES)
        model = catalogue.resolve(self.model or settings.WHISPER_MODEL)
        if self.language and not languages.is_known(self.language):
            raise Invalid(f"There is no language {self.language!r}.", fields={"language": ["Unknown language."]})
        model.check_language(self.language or None)
        if self.device == "cuda" and "cuda" not in settings.TRANSCRIBE_DEVICES:
            raise Unavailable("No worker of this installation has a CUDA device. Ask for `cpu` or `auto`.")
        return JobOptions(**{**asdict(self), "model": model.name})

    def share_key(self, *, media: str) -> str:
        """Return what two requests for the same result have in common."""
        same = {**asdict(self), "media": media}
        del same["priority"], same["device"]
        return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()


def _among(field: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise Invalid(
            f"{field} must be one of {', '.join(choices)}.", fields={field: [f"Choose one of {', '.join(choices)}."]}
        )
