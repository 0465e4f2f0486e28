"""A model of `base`'s shape without its knowledge, for timings where no real weights can be had.

The weights are random, but the decoder's positions are made so that it says sixty different words and stops: a decoder
of pure noise would run to its limit and fall back to higher temperatures each time, which no real model does.
The file format is whisper.cpp's (models/convert-pt-to-ggml.py): hyper-parameters, mel filters, tokens, tensors.
"""

import struct
from pathlib import Path

import numpy as np

_WIDTH, _HEADS, _LAYERS = 512, 8, 6
_AUDIO_CONTEXT, _TEXT_CONTEXT, _MELS = 1500, 448, 80
_VOCABULARY = 51865
_END, _FIRST_TIME = 50257, 50364
_PROMPT = 3
"""Positions that the prompt takes: start, language, task."""
_WORDS = 60
_F32, _F16 = 0, 1


def write_base_shaped(path: Path, *, tokens_from: Path) -> None:
    """Write the model to `path`; mel filters and token table are taken from the model `tokens_from`."""
    with path.open("wb") as file:
        shape = (_WIDTH, _HEADS, _LAYERS)
        sizes = (0x67676D6C, _VOCABULARY, _AUDIO_CONTEXT, *shape, _TEXT_CONTEXT, *shape, _MELS, 1)
        file.write(struct.pack(f"<{len(sizes)}i", *sizes))
        file.write(_filters_and_tokens(tokens_from))
        for name, values in _tensors(np.random.default_rng(1)):
            _write_tensor(file, name, values)


def _filters_and_tokens(model: Path) -> bytes:
    data = model.read_bytes()
    at = 12 * 4
    mels, bins = struct.unpack_from("<2i", data, at)
    end = at + 8 + mels * bins * 4
    (count,) = struct.unpack_from("<i", data, end)
    end += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<i", data, end)
        end += 4 + length
    return data[at:end]


def _tensors(random: np.random.Generator):
    def noise(*shape: int) -> np.ndarray:
        return (random.standard_normal(shape) * 0.02).astype(np.float32)

    embedding = noise(_VOCABULARY, _WIDTH)
    yield "encoder.positional_embedding", noise(_AUDIO_CONTEXT, _WIDTH)
    yield "decoder.positional_embedding", _speech(embedding)
    yield "encoder.conv1.weight", noise(_WIDTH, _MELS, 3)
    yield "encoder.conv1.bias", noise(_WIDTH, 1)
    yield "encoder.conv2.weight", noise(_WIDTH, _WIDTH, 3)
    yield "encoder.conv2.bias", noise(_WIDTH, 1)
    for side, crosses in (("encoder", False), ("decoder", True)):
        for layer in range(_LAYERS):
            yield from _layer(f"{side}.blocks.{layer}", noise, crosses)
    for name in ("encoder.ln_post", "decoder.ln"):
        yield f"{name}.weight", np.ones(_WIDTH, np.float32)
        yield f"{name}.bias", np.zeros(_WIDTH, np.float32)
    yield "decoder.token_embedding.weight", embedding


def _speech(embedding: np.ndarray) -> np.ndarray:
    """Return positions, each of which drowns everything else and points at the token that comes next."""
    said = [_FIRST_TIME, *range(1000, 1000 + _WORDS), _FIRST_TIME + 1400, _END]
    positions = np.tile(embedding[_END], (_TEXT_CONTEXT, 1))
    positions[_PROMPT - 1 : _PROMPT - 1 + len(said)] = embedding[said]
    return (positions / np.linalg.norm(positions, axis=1, keepdims=True) * 500).astype(np.float32)


def _layer(name: str, noise, crosses: bool):
    for attention in ("attn", "cross_attn") if crosses else ("attn",):
        for part in ("query", "key", "value", "out"):
            yield f"{name}.{attention}.{part}.weight", noise(_WIDTH, _WIDTH)
            if part != "key":
                yield f"{name}.{attention}.{part}.bias", noise(_WIDTH)
        yield f"{name}.{attention}_ln.weight", np.ones(_WIDTH, np.float32)
        yield f"{name}.{attention}_ln.bias", np.zeros(_WIDTH, np.float32)
    yield f"{name}.mlp.0.weight", noise(4 * _WIDTH, _WIDTH)
    yield f"{name}.mlp.0.bias", noise(4 * _WIDTH)
    yield f"{name}.mlp.2.weight", noise(_WIDTH, 4 * _WIDTH)
    yield f"{name}.mlp.2.bias", noise(_WIDTH)
    yield f"{name}.mlp_ln.weight", np.ones(_WIDTH, np.float32)
    yield f"{name}.mlp_ln.bias", np.zeros(_WIDTH, np.float32)


def _write_tensor(file, name: str, values: np.ndarray) -> None:
    kind = _F32 if values.ndim < 2 or values.shape[-1] == 1 or "positional" in name else _F16
    file.write(struct.pack("<3i", values.ndim, len(name), kind))
    file.write(struct.pack(f"<{values.ndim}i", *reversed(values.shape)))
    file.write(name.encode())
    file.write(values.astype(np.float32 if kind == _F32 else np.float16).tobytes())
