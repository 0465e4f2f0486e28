"""Train the demo model: python train.py DATA OUT --minutes 100 [--resume]. Uses a GPU where there is one.

Writes OUT.pt, to go on from, and OUT.bin, for whisper.cpp, every 400 steps and at the end.
"""

import argparse
import logging
import math
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import corpus
import ggml
import torch
from corpus import END, IGNORED, Batch
from network import Size, Whisper, log_mel
from torch.nn import functional

logger = logging.getLogger("train")

SENTENCE_SECONDS, WINDOW_SECONDS = 6, 30
WARM_UP_STEPS = 300


class Trainer:
    """A model on its way."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        used = corpus.used_tokens()
        self.model = Whisper(used, Size(width=options.width, heads=max(2, options.width // 64))).to(self.device)
        if options.resume:
            self.model.load_state_dict(torch.load(self._file(".pt"), map_location=self.device))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), betas=(0.9, 0.98), weight_decay=0.01)
        self.started_at, self.step = time.monotonic(), 0
        weights = sum(parameter.numel() for parameter in self.model.parameters())
        logger.info("%s tokens, %.2f million weights, on %s", len(used), weights / 1e6, self.device)

    def run(self) -> None:
        feeds = {
            SENTENCE_SECONDS: self._feed(16 if self.device == "cpu" else 128, SENTENCE_SECONDS),
            WINDOW_SECONDS: self._feed(8 if self.device == "cpu" else 64, WINDOW_SECONDS),
        }
        while self._progress() < 1:
            # Single sentences first, then whole windows among them.
            only_sentences = self._progress() < self._sentences_until() or random.random() < 0.7
            seconds = SENTENCE_SECONDS if only_sentences else WINDOW_SECONDS
            self._learn(next(feeds[seconds]), seconds)
            if self.step % 400 == 0:
                self.save()
        self.save()

    def _learn(self, batch: Batch, seconds: int) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        labels = batch.labels.to(self.device)
        rows = torch.where(labels == IGNORED, labels, self.model.row[labels.clamp(min=0)])
        with torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda"):
            sound = self.model.encode(log_mel(batch.samples.to(self.device), seconds * 100))
            logits = self.model.decode(batch.tokens.to(self.device), sound)
            loss = functional.cross_entropy(logits.flatten(0, 1).float(), rows.flatten(), ignore_index=IGNORED)
            spelling = self._spelling_loss(sound, batch.characters)
        weight = 0.4 if self._progress() < self._sentences_until() else 0.15
        self.optimizer.zero_grad()
        (loss + weight * spelling).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        if self.step % 50 == 0:
            is_text = (labels >= 0) & (labels < END)
            right = (logits.argmax(-1) == rows)[is_text].float().mean().item()
            logger.info(
                "%3.0f %%, step %s, %s s windows: loss %.3f, spelling %.3f, text tokens right %.3f",
                100 * self._progress(), self.step, seconds, loss.item(), spelling.item(), right,
            )  # fmt: skip

    def _spelling_loss(self, sound: torch.Tensor, characters: list[list[int]]) -> torch.Tensor:
        """CTC loss of the characters that are read off the encoder."""
        flat = [character for line in characters for character in line]
        if not flat:
            return torch.zeros((), device=self.device)
        probabilities = self.model.spelling(sound).float().log_softmax(-1).transpose(0, 1)
        return functional.ctc_loss(
            probabilities,
            torch.tensor(flat),
            torch.full((len(characters),), len(probabilities)),
            torch.tensor([len(line) for line in characters]),
            zero_infinity=True,
        )

    def _progress(self) -> float:
        return (time.monotonic() - self.started_at) / 60 / self.options.minutes

    def _sentences_until(self) -> float:
        return 0 if self.options.resume else self.options.sentences_until

    def _rate(self) -> float:
        falling = max(0.02, math.cos(min(1, self._progress()) * math.pi / 2))
        return self.options.rate * min(1, (self.step + 1) / WARM_UP_STEPS) * falling

    def _feed(self, size: int, seconds: int) -> Iterator[Batch]:
        workers = 1 if self.device == "cpu" else 8
        return _prefetched(lambda seed: corpus.batches(self.options.data, size, seconds, seed), workers)

    def save(self) -> None:
        torch.save(self.model.state_dict(), self._file(".pt"))
        ggml.write(self.model, corpus.ranks(), self._file(".bin"))

    def _file(self, ending: str) -> Path:
        return self.options.out.with_name(self.options.out.name + ending)


def _prefetched(source: Callable[[int], Iterator[Batch]], workers: int) -> Iterator[Batch]:
    waiting: queue.Queue[Batch] = queue.Queue(4)

    def work(seed: int) -> None:
        for batch in source(seed):
            waiting.put(batch)

    for _ in range(workers):
        threading.Thread(target=work, args=(random.randrange(10**9),), daemon=True).start()
    while True:
        yield waiting.get()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder that synth.py has written")
    parser.add_argument("out", type=Path, help="the model's path without an ending")
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3, help="the highest learning rate")
    parser.add_argument("--sentences-until", type=float, default=0.6, help="the share of time for sentences alone")
    parser.add_argument("--resume", action="store_true", help="go on from OUT.pt")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.manual_seed(0)
    Trainer(parser.parse_args()).run()


if __name__ == "__main__":
    main()
