"""The engine that runs whisper.cpp, through the low-level functions of pywhispercpp."""

import atexit
import threading
import weakref
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import _pywhispercpp as binding
import numpy as np

from core.errors import Invalid
from transcription.engine import native_log
from transcription.engine.base import SAMPLE_RATE, Block, BlockResult, Options
from transcription.engine.catalogue import ModelInfo
from transcription.engine.errors import EngineError, MissingDevice
from transcription.engine.native_log import NativeLines
from transcription.engine.results import RawSegment, block_result
from transcription.engine.watch import Watch
from transcription.engine.words import Token

_TEMPERATURE_STEP = 0.2
_FRAME_SAMPLES = SAMPLE_RATE // 50  # of the encoder's output
_TASKS = ("transcribe", "translate")
_FIND_OUT = ""

# Without this the library prints to standard error. The callback must be gone before the interpreter is.
binding.whisper_log_set(native_log.note)
atexit.register(binding.whisper_log_set, None)


class WhisperCpp:
    """A model in memory. It hears one block at a time; others wait."""

    def __init__(self, info: ModelInfo, path: Path, *, threads: int, device: str) -> None:
        """Load the model at `path`. Raises EngineError, and MissingDevice for `cuda` where there is no GPU."""
        self.name, self.device = info.name, device
        self._info, self._threads = info, threads
        self._lock = threading.Lock()
        self._context = _open(path, device)
        self._free = weakref.finalize(self, binding.whisper_free, self._context)
        self._audio_context = 0  # of the last call

    def transcribe(
        self, samples: np.ndarray, block: Block, options: Options, should_stop: Callable[[], bool]
    ) -> BlockResult:
        """Hear a block; see `base.Engine`. A stop takes effect between tokens, not within one run of the encoder."""
        self._check(options)
        sound = np.ascontiguousarray(samples, np.float32)
        if not len(sound) or not np.isfinite(sound).all():
            # Without samples the library would hear the block before once more; of NaN it makes words.
            raise EngineError(f"Block {block.index} has no sound, or sound that is no numbers.")
        watch = Watch(should_stop)
        watch.check()
        with self._lock:
            if not self._free.alive:
                raise EngineError(f"The model {self.name} has been unloaded.")
            parameters = self._parameters(options, length=len(sound))
            self._settle_on(parameters.audio_ctx)
            binding.assign_abort_callback(parameters, watch)
            before = self._fallbacks()
            lines = self._call(parameters, sound, watch)
            tried_again = self._fallbacks() - before
            return block_result(
                list(self._segments(offset=round(block.start_seconds * 1000))),
                block,
                options,
                language=binding.whisper_lang_str(binding.whisper_full_lang_id(self._context)),
                language_probability=lines.language_probability(),
                temperature=round(min(1.0, options.temperature + tried_again * _TEMPERATURE_STEP), 1),
            )

    def unload(self) -> None:
        """Give the memory back, once the block that is being heard is done."""
        with self._lock:
            self._free()

    def _check(self, options: Options) -> None:
        self._info.check_language(options.language)
        if options.language is not None and options.language not in _languages():
            # The library would find the language out by itself and not say so.
            raise _refused("language", f"The engine does not know the language {options.language!r}.")
        if options.task not in _TASKS:
            raise _refused("task", f"There is no task {options.task!r}; there are {' and '.join(_TASKS)}.")
        if not 0 <= options.temperature <= 1:
            raise _refused("temperature", f"The temperature must be from 0 to 1, not {options.temperature}.")

    def _parameters(self, options: Options, *, length: int = 0) -> "binding.whisper_full_params":
        """Return a full set of parameters, made anew, so that nothing stays from an earlier call."""
        parameters = binding.whisper_full_default_params(binding.whisper_sampling_strategy.WHISPER_SAMPLING_GREEDY)
        parameters.n_threads = self._threads
        parameters.language = options.language or ("en" if self._info.languages == "en" else _FIND_OUT)
        parameters.translate = options.task == "translate"
        parameters.initial_prompt = options.prompt
        parameters.no_context = True
        parameters.temperature = options.temperature
        parameters.temperature_inc = _TEMPERATURE_STEP
        parameters.logprob_thold = self._info.doubt_below
        parameters.token_timestamps = True
        parameters.vad = False
        parameters.print_progress = parameters.print_timestamps = False
        context = self._info.audio_context
        parameters.audio_ctx = context if length <= context * _FRAME_SAMPLES else 0
        return parameters

    def _settle_on(self, audio_context: int) -> None:
        """Make language detection look at `audio_context` frames: it uses those of the call before its own."""
        if audio_context != self._audio_context:
            parameters = self._parameters(Options(language="en"))
            parameters.audio_ctx = audio_context
            self._call(parameters, np.zeros(SAMPLE_RATE, np.float32))

    def _call(
        self, parameters: "binding.whisper_full_params", sound: np.ndarray, watch: Watch | None = None
    ) -> NativeLines:
        with native_log.collected() as lines:
            self._audio_context = parameters.audio_ctx
            code = binding.whisper_full(self._context, parameters, sound, len(sound))
            if watch is not None:
                watch.raise_if_stopped()
            if code:
                raise EngineError(f"whisper.cpp failed with code {code}: {lines.last()}.")
        return lines

    def _fallbacks(self) -> int:
        """Return how often results were tried again at a higher temperature, in all calls so far."""
        with native_log.collected() as lines:
            binding.whisper_print_timings(self._context)
        return lines.fallbacks()

    def _segments(self, *, offset: int) -> Iterator[RawSegment]:
        """Yield what the last call has heard; times become milliseconds from `offset`."""
        context = self._context
        for number in range(binding.whisper_full_n_segments(context)):
            yield RawSegment(
                start=offset + 10 * binding.whisper_full_get_segment_t0(context, number),
                end=offset + 10 * binding.whisper_full_get_segment_t1(context, number),
                text=binding.whisper_full_get_segment_text(context, number).decode(errors="replace").strip(),
                tokens=tuple(self._tokens(number, offset=offset)),
            )

    def _tokens(self, number: int, *, offset: int) -> Iterator[Token]:
        """Yield the text tokens of a segment, without time stamps and other marks."""
        context, end_of_text = self._context, binding.whisper_token_eot(self._context)
        for place in range(binding.whisper_full_n_tokens(context, number)):
            data = binding.whisper_full_get_token_data(context, number, place)
            if data.id < end_of_text:
                text = binding.whisper_token_to_bytes(context, data.id)
                yield Token(data.id, text, offset + 10 * data.t0, offset + 10 * data.t1, data.p, data.plog)


def _refused(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})


def _open(path: Path, device: str) -> "binding.whisper_context":
    parameters = binding.whisper_context_default_params()
    parameters.use_gpu = device == "cuda"
    with native_log.collected() as lines:
        context = binding.whisper_init_from_file_with_params(str(path), parameters)
    if lines.failed:
        # The binding gives an object even then; using it would end the process.
        raise EngineError(f"whisper.cpp cannot load the model {path.name}: {lines.last()}.")
    if device == "cuda" and lines.say("no GPU found"):
        binding.whisper_free(context)
        raise MissingDevice("No CUDA device was found on this machine. Set WHISPER_DEVICE=cpu, or check the driver.")
    return context


@cache
def _languages() -> frozenset[str]:
    return frozenset(binding.whisper_lang_str(number) for number in range(binding.whisper_lang_max_id() + 1))


def is_built_with_cuda() -> bool:
    """Return whether the installed whisper.cpp can run on an NVIDIA GPU."""
    return "CUDA" in binding.whisper_print_system_info()


def device_in_use(device: str) -> str:
    """Return where an engine loaded for `device` (cpu, cuda or auto) runs: `cpu` or `cuda`.

    Raises Invalid for another word, MissingDevice for `cuda` when whisper.cpp was built without it.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise _refused("device", f"There is no device {device!r}; there are auto, cpu and cuda.")
    if device == "cuda" and not is_built_with_cuda():
        raise MissingDevice(
            "This whisper.cpp was built without CUDA. Install pywhispercpp built with GGML_CUDA=1 "
            "(see its README), or set WHISPER_DEVICE=cpu."
        )
    return "cuda" if device != "cpu" and is_built_with_cuda() else "cpu"
