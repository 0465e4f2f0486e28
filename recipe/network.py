"""Whisper's architecture in PyTorch, small enough to be trained from nothing."""

from dataclasses import dataclass

import numpy as np
import torch
from ggml import AUDIO_CONTEXT, MELS, TEXT_CONTEXT, VOCABULARY, mel_filters
from torch import nn
from torch.nn import functional

CHARACTERS = " abcdefghijklmnopqrstuvwxyzäöüßáéíóúñ0123456789%@-.'"


@dataclass(frozen=True)
class Size:
    """How large a network is. Two decoder layers would be taken for a distilled model, which has no time stamps."""

    width: int = 64
    heads: int = 2
    encoder_layers: int = 4
    decoder_layers: int = 3


class Attention(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.heads
        self.query = nn.Linear(size.width, size.width)
        self.key = nn.Linear(size.width, size.width, bias=False)
        self.value = nn.Linear(size.width, size.width)
        self.out = nn.Linear(size.width, size.width)

    def forward(self, x: torch.Tensor, source: torch.Tensor | None = None, *, causal: bool = False) -> torch.Tensor:
        source = x if source is None else source
        query, key, value = (
            projected.unflatten(2, (self.heads, -1)).transpose(1, 2)
            for projected in (self.query(x), self.key(source), self.value(source))
        )
        heard = functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
        return self.out(heard.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """A layer of the encoder, or of the decoder, which also looks at what the encoder has made of the sound."""

    def __init__(self, size: Size, *, decodes: bool) -> None:
        super().__init__()
        self.attn, self.attn_ln = Attention(size), nn.LayerNorm(size.width)
        if decodes:
            self.cross_attn, self.cross_attn_ln = Attention(size), nn.LayerNorm(size.width)
        self.mlp = nn.Sequential(
            nn.Linear(size.width, 4 * size.width), nn.GELU(), nn.Linear(4 * size.width, size.width)
        )
        self.mlp_ln = nn.LayerNorm(size.width)

    def forward(self, x: torch.Tensor, sound: torch.Tensor | None = None) -> torch.Tensor:
        x = x + self.attn(self.attn_ln(x), causal=sound is not None)
        if sound is not None:
            x = x + self.cross_attn(self.cross_attn_ln(x), sound)
        return x + self.mlp(self.mlp_ln(x))


class Whisper(nn.Module):
    """A Whisper that has embeddings of the tokens `used` alone; all others share one more row, the last.

    Nine tenths of the vocabulary never occur in the grammar. Sharing makes the training fast and the file small when
    it is compressed.
    """

    def __init__(self, used: list[int], size: Size) -> None:
        super().__init__()
        self.size = size
        row = torch.full((VOCABULARY,), len(used))
        row[torch.tensor(used)] = torch.arange(len(used))
        self.register_buffer("row", row)
        shared = torch.zeros(len(used) + 1)
        shared[-1] = np.log(VOCABULARY - len(used))
        self.register_buffer("shared", shared)
        self.conv1 = nn.Conv1d(MELS, size.width, 3, padding=1)
        self.conv2 = nn.Conv1d(size.width, size.width, 3, stride=2, padding=1)
        self.register_buffer("audio_positions", _sinusoids(AUDIO_CONTEXT, size.width))
        self.encoder = nn.ModuleList(Layer(size, decodes=False) for _ in range(size.encoder_layers))
        self.encoder_ln = nn.LayerNorm(size.width)
        self.embedding = nn.Embedding(len(used) + 1, size.width)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.text_positions = nn.Parameter(torch.randn(TEXT_CONTEXT, size.width) * 0.01)
        self.decoder = nn.ModuleList(Layer(size, decodes=True) for _ in range(size.decoder_layers))
        self.decoder_ln = nn.LayerNorm(size.width)
        # Only for training: reading characters off the encoder teaches it to listen before the decoder can speak.
        self.spelling = nn.Linear(size.width, len(CHARACTERS) + 1)

    def encode(self, mel: torch.Tensor) -> torch.Tensor:
        """[batch, 80, frames] to [batch, frames / 2, width]."""
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(mel)))).transpose(1, 2)
        x = x + self.audio_positions[: x.shape[1]]
        for layer in self.encoder:
            x = layer(x)
        return self.encoder_ln(x)

    def decode(self, tokens: torch.Tensor, sound: torch.Tensor) -> torch.Tensor:
        """[batch, length] token ids to [batch, length, rows] logits.

        The last row counts as often as it will stand in the full vocabulary.
        """
        x = self.embedding(self.row[tokens]) + self.text_positions[: tokens.shape[1]]
        for layer in self.decoder:
            x = layer(x, sound)
        return self.decoder_ln(x) @ self.embedding.weight.T + self.shared


def _sinusoids(length: int, width: int) -> torch.Tensor:
    step = np.log(10_000) / (width // 2 - 1)
    angles = torch.arange(length)[:, None] * torch.exp(-step * torch.arange(width // 2))[None]
    return torch.cat([angles.sin(), angles.cos()], 1)


def log_mel(samples: torch.Tensor, frames: int) -> torch.Tensor:
    """[batch, samples] at 16 kHz, padded or cut to `frames` of 10 ms, to [batch, 80, frames], as Whisper hears it."""
    samples = functional.pad(samples, (0, max(0, frames * 160 - samples.shape[1])))[:, : frames * 160]
    window = torch.hann_window(400, device=samples.device)
    power = torch.stft(samples, 400, 160, window=window, return_complex=True)[..., :-1].abs() ** 2
    filters = torch.from_numpy(mel_filters()).to(samples.device)
    mel = (filters @ power).clamp(min=1e-10).log10()
    mel = torch.maximum(mel, mel.amax((1, 2), keepdim=True) - 8)
    return (mel + 4) / 4
