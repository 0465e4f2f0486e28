"""Write a model file that whisper.cpp loads: its format stands in models/convert-pt-to-ggml.py of whisper.cpp."""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from network import Whisper

MELS, AUDIO_CONTEXT, TEXT_CONTEXT, VOCABULARY = 80, 1500, 448, 51_865
"""Of the multilingual models."""

_MAGIC = 0x67676D6C
_F32, _F16, _Q8_0 = 0, 1, 8  # ggml_type
_MOSTLY_Q8_0 = 2007  # ggml_ftype, and the version of the quantization times 1000
_Q8_0_BLOCK = 32
_FRAME_BINS = 201


def mel_filters() -> np.ndarray:
    """Return triangular filters on Slaney's scale: [80, 201] float32, for frames of 400 samples at 16 kHz."""
    linear_to = 15  # mel, 1000 Hz; logarithmic above
    top = linear_to + 27 * np.log(8000 / 1000) / np.log(6.4)
    mel = np.linspace(0, top, MELS + 2)
    edges = np.where(mel < linear_to, mel * 200 / 3, 1000 * np.exp((mel - linear_to) * np.log(6.4) / 27))
    bins = np.linspace(0, 8000, _FRAME_BINS)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return (np.maximum(0, np.minimum(rising, falling)) * area[:, None]).astype(np.float32)


def write(model: "Whisper", ranks: Mapping[bytes, int], path: Path) -> None:
    """Write `model` to `path`: sizes, mel filters, the bytes of each token by rank, and the weights in q8_0."""
    size = model.size
    with path.open("wb") as file:
        _numbers(file, _MAGIC, VOCABULARY)
        _numbers(file, AUDIO_CONTEXT, size.width, size.heads, size.encoder_layers)
        _numbers(file, TEXT_CONTEXT, size.width, size.heads, size.decoder_layers)
        _numbers(file, MELS, _MOSTLY_Q8_0)
        _numbers(file, MELS, _FRAME_BINS)
        file.write(mel_filters().tobytes())
        _numbers(file, len(ranks))
        for token in sorted(ranks, key=ranks.__getitem__):
            _numbers(file, len(token))
            file.write(token)
        for name, tensor in _tensors(model):
            _tensor(file, name, tensor.detach().cpu().float().numpy())


def _tensors(model: "Whisper") -> Iterator[tuple[str, "np.ndarray"]]:
    """Yield the weights under the names that whisper.cpp knows them by."""
    yield "encoder.positional_embedding", model.audio_positions
    yield "decoder.positional_embedding", model.text_positions
    for name, convolution in (("conv1", model.conv1), ("conv2", model.conv2)):
        yield f"encoder.{name}.weight", convolution.weight
        yield f"encoder.{name}.bias", convolution.bias[:, None]
    for side, layers in (("encoder", model.encoder), ("decoder", model.decoder)):
        for number, layer in enumerate(layers):
            for name, parameter in layer.named_parameters():
                yield f"{side}.blocks.{number}.{name}", parameter
    for name, norm in (("encoder.ln_post", model.encoder_ln), ("decoder.ln", model.decoder_ln)):
        yield f"{name}.weight", norm.weight
        yield f"{name}.bias", norm.bias
    yield "decoder.token_embedding.weight", model.embedding.weight[model.row]


def _tensor(file: BinaryIO, name: str, values: np.ndarray) -> None:
    kind = _kind(name, values)
    _numbers(file, values.ndim, len(name), kind, *values.shape[::-1])
    file.write(name.encode())
    if kind == _Q8_0:
        file.write(_quantized(values))
    else:
        file.write(values.astype(np.float16 if kind == _F16 else np.float32).tobytes())


def _kind(name: str, values: np.ndarray) -> int:
    if values.ndim < 2 or "positional" in name or name.endswith("bias"):
        return _F32
    return _Q8_0 if values.ndim == 2 and values.shape[1] % _Q8_0_BLOCK == 0 else _F16


def _quantized(values: np.ndarray) -> bytes:
    """Return blocks of 32 weights: a half-precision scale, and 32 signed bytes that it multiplies."""
    blocks = values.reshape(-1, _Q8_0_BLOCK)
    scale = np.abs(blocks).max(1, keepdims=True) / 127
    levels = np.round(blocks / np.where(scale == 0, 1, scale))
    packed = np.empty(len(blocks), np.dtype([("scale", "<f2"), ("levels", "i1", _Q8_0_BLOCK)]))
    packed["scale"], packed["levels"] = scale[:, 0], levels
    return packed.tobytes()


def _numbers(file: BinaryIO, *values: int) -> None:
    file.write(struct.pack(f"<{len(values)}i", *values))
