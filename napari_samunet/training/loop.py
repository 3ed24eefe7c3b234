"""The training loop: seeded, resumable after a kill at any moment, averaged weights, a log that can
be read.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from napari_samunet.errors import BadUsage
from napari_samunet.models.device import computes_in_half
from napari_samunet.models.samunet import MEMBERS, SamUNet, build
from napari_samunet.training.config import TrainConfig
from napari_samunet.training.files import open_whole, writing_in
from napari_samunet.training.interaction import corrections, draw_opening
from napari_samunet.training.log import add_row, drop_rows_after, read_rows
from napari_samunet.training.loss import answer_loss, overlap_iou
from napari_samunet.training.progress import Progress
from napari_samunet.training.stream import batches
from napari_samunet.training.weights import save_weights

CLIP = 10.0  # logits are fed back within ±10, as inference does


class Trainer:
    """One run in one folder: ``state.pt`` to resume from, ``log.jsonl``, ``weights.safetensors``
    (averaged).
    """

    def __init__(self, config: TrainConfig, folder: Path, device: str) -> None:
        self.config, self.folder, self.device = config, folder, torch.device(device)
        torch.manual_seed(config.seed)
        self.model = _first_model(config)
        self.progress = Progress(config, folder)
        _make(folder)  # only now: a configuration that is refused leaves no empty folder
        self.model.to(self.device).to(memory_format=torch.channels_last).train()
        self.average = AveragedModel(
            self.model, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=False
        )
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.step, self.seconds = 0, 0.0
        self._resume()
        with writing_in(folder):
            drop_rows_after(self._log_file, self._images)
        self.rng = np.random.default_rng([config.seed, self.step])

    def run(self) -> Path:
        """Train to the end and return the path of the averaged weights.

        Raises
        ------
        InputError
            The folder takes no more files; what was saved last is whole.
        """
        config = self.config
        size = self.model.config.image_size
        stream = batches(config.scenes, size, config.batch, config.seed, self.step)
        bar = tqdm(total=config.steps * config.batch, initial=self.step * config.batch, unit="img")
        if self._owes_a_look():
            self._look({})
        began = time.monotonic()
        while self.step < config.steps:
            figures = self._train_step(*next(stream))
            self.step += 1
            bar.update(config.batch)
            now = time.monotonic()
            self.seconds, began = self.seconds + now - began, now
            due = self.progress.due(self.step)
            if due or self.step % config.save_every == 0:
                self._save()  # first: what a look meets may end the run
            if due:
                self._look(figures)
            elif self.step % 20 == 0:
                self._log(figures)
            if due or self.step % 20 == 0:
                bar.set_postfix(figures | self.progress.latest)
        bar.close()
        if not self._weights.exists():  # deleted since the run ended
            self._save_weights()
        return self._weights

    def _owes_a_look(self) -> bool:
        """Whether the run was killed while it was looked at."""
        seen = [row["images"] for row in read_rows(self._log_file)]
        return self.step > 0 and self.progress.due(self.step) and self._images not in seen

    def _look(self, figures: dict[str, float]) -> None:
        """Measure and draw the averaged weights."""
        self._log(figures | self.progress.measure(self.averaged_model()))
        with writing_in(self.folder):
            self.progress.draw(self.averaged_model())

    def _train_step(self, image: Tensor, masks: Tensor, boxed: bool) -> dict[str, float]:
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        self.optimizer.zero_grad(set_to_none=True)
        with self._half_precision():
            features = self.model.encode(
                image.to(self.device).contiguous(memory_format=torch.channels_last)
            )
        loss, ious = self._rounds(features, masks, boxed)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.average.update_parameters(self.model)
        kind = "box" if boxed else "click"
        return {"loss": loss.item()} | {f"{kind}_iou{i}": iou for i, iou in ious.items()}

    def _rounds(
        self, features: dict[str, Tensor], masks: Tensor, boxed: bool
    ) -> tuple[Tensor, dict[int, float]]:
        prompts = draw_opening(self.rng, masks, boxed)
        target = masks.to(self.device)
        total, judged = torch.zeros((), device=self.device), False
        ious: dict[int, float] = {}
        for turn in range(self.config.rounds):
            with self._half_precision():
                logits, scores = self.model.decode(features, prompts.to(self.device))
            assert scores is not None  # members that are trained here always score
            ambiguous = prompts.is_one_click
            total = total + answer_loss(logits.float(), scores, target, ambiguous, judged)
            found = logits[:, :1].detach().float()
            if not judged:  # else it is of another meaning than the one that is wanted
                ious[turn] = overlap_iou(found, target).mean().item()
            judged = False
            if ambiguous:
                found, judged = self._meaning(logits.detach().float(), target)
            if turn + 1 < self.config.rounds:
                prompts = replace(prompts, mask_logits=self._feedback(found))
                if judged or self.rng.random() < self._unprompted(turn, boxed):
                    continue
                prompts = prompts.with_clicks(*corrections(self.rng, masks, (found > 0).cpu()))
        return total / self.config.rounds, ious

    def _half_precision(self) -> torch.autocast:
        enabled = computes_in_half(self.device)
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)

    @staticmethod
    def _unprompted(turn: int, boxed: bool) -> float:
        """How often a round gives no new prompt: the model looks at its own answer again (SAM)."""
        return 0.6 if boxed and turn == 0 else 0.25

    def _meaning(self, logits: Tensor, target: Tensor) -> tuple[Tensor, bool]:
        """What is looked at next after a single click, and whether only to be judged: any meaning
        at all, as inference looks closer at each of them; else the one that a person would pick, or
        the first answer.
        """
        chance = self.rng.random()
        if chance < 0.35:
            pick = 1 + int(self.rng.integers(logits.shape[1] - 1))
            return logits[:, pick : pick + 1], True
        return (_best(logits[:, 1:], target) if chance < 0.7 else logits[:, :1]), False

    def _feedback(self, logits: Tensor) -> Tensor | None:
        """Logits as the next round gets them; sometimes coarse, as after a change of zoom."""
        logits = logits.clamp(-CLIP, CLIP)
        if self.rng.random() < 0.2:
            side = logits.shape[-1]
            logits = F.interpolate(F.avg_pool2d(logits, 4), size=(side, side), mode="bilinear")
        return logits

    def _learning_rate(self) -> float:
        config = self.config
        warm = min(1.0, (self.step + 1) / max(config.warmup, 1))
        return (
            config.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * self.step / config.steps))
        )

    @property
    def _images(self) -> int:
        return self.step * self.config.batch

    @property
    def _weights(self) -> Path:
        return self.folder / "weights.safetensors"

    @property
    def _log_file(self) -> Path:
        return self.folder / "log.jsonl"

    def _log(self, figures: dict[str, float]) -> None:
        row = {"step": self.step, "images": self._images, "seconds": round(self.seconds), **figures}
        with writing_in(self.folder):
            add_row(self._log_file, row)

    def averaged_model(self) -> SamUNet:
        """The averaged weights with the running batch statistics of the trained model."""
        model = cast(SamUNet, self.average.module)
        buffers = dict(self.model.named_buffers())
        for name, buffer in model.named_buffers():
            buffer.copy_(buffers[name])
        return model

    def _save(self) -> None:
        self._save_weights()  # first: the state of a run that ended vouches for them
        state = {
            "images": self._images,
            "seconds": self.seconds,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        with open_whole(self.folder / "state.pt") as file:
            torch.save(state, file)

    def _save_weights(self) -> None:
        facts = {"images": self._images, "hours": round(self.seconds / 3600, 2)}
        save_weights(self.averaged_model(), self._weights, facts)

    def _resume(self) -> None:
        path = self.folder / "state.pt"
        if not path.exists():
            return
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            for group in self.optimizer.param_groups:  # what the configuration says now
                group["weight_decay"] = self.config.weight_decay
            self.step = state["images"] // self.config.batch  # which may be another now
            self.seconds = state["seconds"]
        except Exception as error:  # torch raises whatever its readers raise on other files
            raise BadUsage(
                f"{self.folder} holds the state of a run (state.pt) that is damaged or of another "
                f"network than '{self.config.member}', so this one cannot go on from it: name "
                "another folder (--out), or delete that file to begin anew."
            ) from error


def _first_model(config: TrainConfig) -> SamUNet:
    """The network as a run begins: untrained, or with the weights that it starts from."""
    if config.member not in MEMBERS:
        raise BadUsage(f"member is one of {', '.join(MEMBERS)}, but {config.member!r} came.")
    model = build(config.member)
    if config.start:
        try:
            model.load_state_dict(load_file(config.start))
        except (OSError, SafetensorError, RuntimeError) as error:
            raise BadUsage(
                f"start is a file of weights (.safetensors) of '{config.member}', but "
                f"{config.start} cannot be taken ({str(error).splitlines()[0].rstrip(':.')})."
            ) from error
    return model


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadUsage(
            f"A folder for the run was wanted, but {folder} cannot be made ({error.strerror}); "
            "name another one."
        ) from error


def _best(logits: Tensor, masks: Tensor) -> Tensor:
    """Of candidates (B, K, S, S) the one that fits masks (B, 1, S, S) best, (B, 1, S, S)."""
    best = overlap_iou(logits, masks).argmax(1)
    return logits[torch.arange(len(best), device=best.device), best][:, None]
