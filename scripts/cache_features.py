"""Cache the frozen encoder's features of every training picture, so that two cores can train the decoder.

    python scripts/cache_features.py --shards ../shared/data/train --encoder efficientnet-lite2-9656183e.pth \
        --out /tmp/cache --views 2

Writes, for V = views x pictures: rgb.npy (V,160,160,3) uint8, f4/f8/f16/f32.npy float16 and lightness input
grey.npy (V,160,160) uint8 (the grey sRGB values that the encoder saw: aged in some views, exact in the others).
"""

from __future__ import annotations

import argparse
import json
import queue
import threading
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from photochrom.train.data import aged_grey, decode, random_crop, shard_pictures
from photochrom.train.networks import FEATURE_CHANNELS, Encoder

SIZE, BATCH, AGED_SHARE = 160, 8, 0.5


def lightness_grey(rgb: np.ndarray) -> np.ndarray:
    """The grey sRGB value (uint8) with the same CIE lightness as each colour of (...,3) uint8."""
    x = rgb.astype(np.float32) / 255
    linear = np.where(x > 0.04045, ((x + 0.055) / 1.055) ** 2.4, x / 12.92)
    y = linear @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    grey = np.where(y > 0.0031308, 1.055 * np.maximum(y, 1e-6) ** (1 / 2.4) - 0.055, 12.92 * y)
    return np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)


def encoder_session(weights: str, folder: Path) -> ort.InferenceSession:
    encoder = Encoder().eval()
    encoder.load_imagenet(weights)
    path = folder / "encoder.onnx"
    torch.onnx.export(encoder, (torch.zeros(BATCH, 3, SIZE, SIZE),), str(path), input_names=["x"], dynamo=False)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--views", type=int, default=2)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    session = encoder_session(args.encoder, args.out)

    pictures = [data for shard in sorted(args.shards.glob("*.tar")) for _, data in shard_pictures(shard)]
    total = len(pictures) * args.views // BATCH * BATCH
    shapes = {f"f{4 << i}": (c, SIZE // (4 << i), SIZE // (4 << i)) for i, c in enumerate(FEATURE_CHANNELS)}

    def array(name: str, shape: tuple[int, ...], dtype: type) -> np.ndarray:
        return np.lib.format.open_memmap(args.out / f"{name}.npy", "w+", dtype, (total, *shape))

    rgb, grey = array("rgb", (SIZE, SIZE, 3), np.uint8), array("grey", (SIZE, SIZE), np.uint8)
    features = [array(name, shape, np.float16) for name, shape in shapes.items()]
    ready: queue.Queue[int] = queue.Queue(maxsize=8)

    def load() -> None:
        for i in range(total):
            view, picture = divmod(i, len(pictures))
            rng = np.random.default_rng((view, picture))
            crop = random_crop(decode(pictures[picture]), SIZE, rng)
            rgb[i] = np.asarray(crop)
            aged = view > 0 and rng.random() < AGED_SHARE
            grey[i] = aged_grey(crop, rng) if aged else lightness_grey(rgb[i])
            if i % BATCH == BATCH - 1:
                ready.put(i + 1)

    threading.Thread(target=load, daemon=True).start()
    start = time.time()
    for first in range(0, total, BATCH):
        done = ready.get()
        assert done == first + BATCH
        x = (grey[first:done, None].astype(np.float32) - 127) / 128
        for store, feature in zip(features, session.run(None, {"x": np.repeat(x, 3, axis=1)}), strict=True):
            store[first:done] = feature
        if first % 4000 == 0:
            print(f"{first}/{total} {(time.time() - start) / done * 1000:.1f} ms each", flush=True)
            (args.out / "progress.json").write_text(json.dumps({"done": done, "total": total}))
    (args.out / "progress.json").write_text(json.dumps({"done": total, "total": total}))


if __name__ == "__main__":
    main()
