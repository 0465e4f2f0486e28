"""What can go wrong between a recording and its words."""

from core.errors import Invalid, PolyscribeError, Unavailable


class EngineError(Unavailable):
    """The speech engine failed on this recording. Try again later."""

    code = "engine_failed"


class EngineStopped(PolyscribeError):
    """The engine was asked to stop before it was done."""

    code = "engine_stopped"


class UnknownModel(Invalid):
    """There is no such model.

    `fields` in the details names the field, as in every Invalid.
    """

    code = "unknown_model"


class MissingModel(Unavailable):
    """The file of this model is not on this machine."""

    code = "model_missing"


class DamagedModel(Unavailable):
    """The file of this model is not the one that was published. Fetch it again."""

    code = "model_damaged"


class MissingDevice(Unavailable):
    """This machine cannot run the engine on the device that was asked for."""

    code = "device_missing"
