"""Making the cache of a frozen encoder's features: squares decoded in threads, the encoder in onnxruntime."""

from __future__ import annotations

import io
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray

from photochrom.progress import Progress, silent
from photochrom.train.augment.ageing import aged_lightness
from photochrom.train.augment.backgrounds import on_plain_background
from photochrom.train.cache.store import FEATURES, open_arrays, write_state
from photochrom.train.lab import rgb_to_lab
from photochrom.train.networks.efficientnet import Encoder, encoder_input

BATCH = 8  # views at once through the encoder: onnxruntime is fastest so
NOTE_EVERY = 64  # batches between notes of how far it is
DECODERS, AHEAD = 2, 4 * BATCH

Squares = Callable[[int, int], NDArray[np.uint8]]  # view and picture -> (S,S,3) sRGB


def fill_cache(
    folder: Path,
    encoder: Encoder,
    squares: Squares,
    *,
    pictures: int,
    size: int,
    views: int,
    flip: bool,
    aged: float,
    plain: float,
    seed: int,
    made_of: Mapping[str, Any],
    progress: Progress = silent,
) -> None:
    """Write, or finish, the cache of `views` squares of each of a number of pictures.

    size: side of the squares, a multiple of 32. flip: mirror half of them. aged: share of the views whose input is
    aged like an old photograph. plain: share set before an even background. made_of: what else the cache depends on;
    a folder made of something else is refused (UsageError). Chance depends on the seed and on the place in the cache
    alone: one that was interrupted comes out the same.
    """
    total = pictures * views
    settings = {"size": size, "views": views, "flip": flip, "aged": aged, "plain": plain, "seed": seed, **made_of}
    arrays, done = open_arrays(folder, size, encoder.channels, settings, total)
    if done == total:
        return
    session = _session(encoder, size)

    def load(row: int) -> NDArray[np.uint8]:
        view, picture = divmod(row, pictures)
        square = squares(view, picture)
        mirrored = flip and np.random.default_rng((seed, view, picture)).random() < 0.5
        return square[:, ::-1] if mirrored else square

    for number, (first, loaded) in enumerate(_batches(load, done, total)):
        rows = slice(first, first + len(loaded))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(np.random.default_rng((seed, first)).integers(2**62)))
            rgb = on_plain_background(torch.from_numpy(np.stack(loaded)).permute(0, 3, 1, 2) / 255, plain)
            light, ab = rgb_to_lab(rgb).split((1, 2), dim=1)
            lightness = aged_lightness(rgb, light, aged)
        grey = (encoder_input(lightness)[:, :1] * 128 + 127).round().clamp(0, 255)
        x = ((grey - 127) / 128).expand(-1, 3, -1, -1)
        for name, feature in zip(FEATURES, session.run(None, {"x": x.numpy()}), strict=True):
            arrays[name][rows] = feature
        arrays["rgb"][rows] = (rgb * 255).round().byte().permute(0, 2, 3, 1).numpy()
        arrays["grey"][rows] = grey[:, 0].byte().numpy()
        arrays["ab"][rows] = torch.nn.functional.avg_pool2d(ab, 4).numpy()
        if number % NOTE_EVERY == NOTE_EVERY - 1 or rows.stop == total:
            write_state(folder, settings, rows.stop, total)
            progress("cache", rows.stop, total)


def _batches(load: Callable[[int], Any], first: int, total: int) -> Iterator[tuple[int, list[Any]]]:
    """(first row, loaded rows) of each batch, decoded ahead of the encoder. What fails in a thread is raised here."""
    with ThreadPoolExecutor(DECODERS) as pool:
        waiting: deque[Future[Any]] = deque()
        following = first
        try:
            for start in range(first, total, BATCH):
                while following < min(start + AHEAD, total):
                    waiting.append(pool.submit(load, following))
                    following += 1
                yield start, [waiting.popleft().result() for _ in range(min(BATCH, total - start))]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _session(encoder: Encoder, size: int) -> ort.InferenceSession:
    """The encoder in onnxruntime, which runs depthwise convolutions 3 to 5 times as fast as torch on a CPU."""
    buffer, was_training = io.BytesIO(), encoder.training
    encoder.eval()
    example = torch.zeros(1, 3, size, size)
    with warnings.catch_warnings():  # the exporter's talk of its successor
        warnings.simplefilter("ignore")
        torch.onnx.export(encoder, (example,), buffer, input_names=["x"], dynamic_axes={"x": {0: "n"}}, dynamo=False)
    encoder.train(was_training)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(buffer.getvalue(), options, providers=["CPUExecutionProvider"])
