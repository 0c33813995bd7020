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
from PIL import Image

from photochrom.train.cached import FEATURES, open_arrays, write_state
from photochrom.train.color import rgb_to_lab
from photochrom.train.data.ageing import aged_grey
from photochrom.train.networks import Encoder

BATCH = 8  # views at once through the encoder: onnxruntime is fastest so
NOTE_EVERY = 64  # batches between notes of how far it is
DECODERS, AHEAD = 2, 4 * BATCH

Squares = Callable[[int, int], NDArray[np.uint8]]  # view and picture -> (S,S,3) sRGB
Progress = Callable[[int, int], None]  # views done, views in all


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
    seed: int,
    made_of: Mapping[str, Any],
    progress: Progress = lambda done, total: None,
) -> None:
    """Write, or finish, the cache of `views` squares of each of a number of pictures.

    size: side of the squares, a multiple of 32. flip: mirror half of them. aged: share of the views whose input is
    aged like an old photograph. made_of: what else the cache depends on; a folder made of something else is refused
    (UsageError). Chance depends on seed, view and picture alone: a cache that was interrupted comes out the same.
    """
    total = pictures * views
    settings = {"size": size, "views": views, "flip": flip, "aged": aged, "seed": seed, **made_of}
    arrays, done = open_arrays(folder, size, settings, total)
    if done == total:
        return
    session = _session(encoder, size)

    def load(row: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        view, picture = divmod(row, pictures)
        rng = np.random.default_rng((seed, view, picture))
        rgb = squares(view, picture)
        if flip and rng.random() < 0.5:
            rgb = rgb[:, ::-1]
        return rgb, aged_grey(Image.fromarray(rgb), rng) if rng.random() < aged else lightness_grey(rgb)

    for number, (first, loaded) in enumerate(_batches(load, done, total)):
        rows = slice(first, first + len(loaded))
        arrays["rgb"][rows] = rgb = np.stack([rgb for rgb, _ in loaded])
        arrays["grey"][rows] = grey = np.stack([grey for _, grey in loaded])
        x = np.repeat((grey[:, None].astype(np.float32) - 127) / 128, 3, axis=1)
        for name, feature in zip(FEATURES, session.run(None, {"x": x}), strict=True):
            arrays[name][rows] = feature
        lab = rgb_to_lab(torch.from_numpy(rgb).permute(0, 3, 1, 2) / 255)
        arrays["ab"][rows] = torch.nn.functional.avg_pool2d(lab[:, 1:], 4).numpy()
        if number % NOTE_EVERY == NOTE_EVERY - 1 or rows.stop == total:
            write_state(folder, settings, rows.stop, total)
            progress(rows.stop, total)


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


def lightness_grey(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The grey sRGB value with the same CIE lightness as each colour of (...,3)."""
    x = rgb.astype(np.float32) / 255
    linear = np.where(x > 0.04045, ((x + 0.055) / 1.055) ** 2.4, x / 12.92)
    y = linear @ np.array([0.2126729, 0.7151522, 0.0721750], np.float32)
    grey = np.where(y > 0.0031308, 1.055 * np.maximum(y, 1e-6) ** (1 / 2.4) - 0.055, 12.92 * y)
    return np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)


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
