"""Making the cache of a frozen encoder's features: squares decoded in threads, the encoder in onnxruntime."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray

from photochrom.progress import Progress, silent
from photochrom.threads import ordered_map
from photochrom.train.augment.ageing import aged_lightness
from photochrom.train.augment.backgrounds import on_plain_background
from photochrom.train.cache.store import FEATURES, open_arrays, write_state
from photochrom.train.lab import rgb_to_lab
from photochrom.train.networks.efficientnet import Encoder, encoder_input

BATCH = 8  # views at once through the encoder: with which onnxruntime is fastest
NOTE_EVERY = 64  # batches between notes of how far it is
DECODERS, AHEAD = 2, 4 * BATCH  # threads, and views that lie ready while the encoder works

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
    aged like an old photograph. plain: share put on an even background. made_of: what else the cache depends on.
    Chance depends on the seed and on the place in the cache alone: one that was interrupted comes out the same.

    Raises UsageError for a folder with a cache of something else.
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

    views_in_order = ordered_map(load, range(done, total), threads=DECODERS, ahead=AHEAD)
    for number, first in enumerate(range(done, total, BATCH)):
        loaded = list(islice(views_in_order, BATCH))
        rows = slice(first, first + len(loaded))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(np.random.default_rng((seed, first)).integers(2**62)))
            rgb = on_plain_background(torch.from_numpy(np.stack(loaded)).permute(0, 3, 1, 2) / 255, plain)
            lab = rgb_to_lab(rgb)
            lightness = aged_lightness(rgb, lab[:, :1], aged)
        grey = (encoder_input(lightness)[:, :1] * 128 + 127).round().clamp(0, 255)
        x = ((grey - 127) / 128).expand(-1, 3, -1, -1)
        for name, feature in zip(FEATURES, session.run(None, {"x": x.numpy()}), strict=True):
            arrays[name][rows] = feature
        arrays["rgb"][rows] = (rgb * 255).round().byte().permute(0, 2, 3, 1).numpy()
        arrays["grey"][rows] = grey[:, 0].byte().numpy()
        arrays["ab"][rows] = torch.nn.functional.avg_pool2d(lab[:, 1:], 4).numpy()
        if number % NOTE_EVERY == NOTE_EVERY - 1 or rows.stop == total:
            write_state(folder, settings, rows.stop, total)
            progress("cache", rows.stop, total)


def _session(encoder: Encoder, size: int) -> ort.InferenceSession:
    """The encoder in onnxruntime, which runs depthwise convolutions 3 to 5 times as fast as torch on a CPU."""
    buffer, was_training = io.BytesIO(), encoder.training
    encoder.eval()
    with warnings.catch_warnings():  # of the exporter: that it has a successor, which is several times slower
        warnings.simplefilter("ignore")
        torch.onnx.export(
            encoder,
            (torch.zeros(1, 3, size, size),),
            cast("Any", buffer),  # torch writes to a stream as well as to a path
            input_names=["x"],
            dynamic_axes={"x": {0: "n"}},
            dynamo=False,
        )
    encoder.train(was_training)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(buffer.getvalue(), options, providers=["CPUExecutionProvider"])
