"""Score a model on tar shards of colour photographs: the table of the model card, and a contact sheet.

    python scripts/score_photo.py --shards dev/objects-00.tar dev/scenes-00.tar dev/bsds-00.tar \
        --inception default_1.pt --alexnet alexnet.ckpt --model src/photochrom/weights/photo.onnx \
        --detail 160 256 --vividness 0.5 1 --out scores

Every picture becomes a centre square of --size px. Rows: grey, and the model for each detail and vividness. What
does not depend on the model (the truth's features, the grey row) is kept in --out for the next call.
"""

from __future__ import annotations

import argparse
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import photochrom
from photochrom.color import lightness
from photochrom.evaluate.deep import Inception, Lpips, frechet_distance
from photochrom.evaluate.metrics import TINTED, colorfulness, lab_of, mean_ciede2000, psnr, tint_distance
from photochrom.train.data import decode, shard_pictures

BATCH = 16
Picture = NDArray[np.uint8]


def square(image: Image.Image, size: int) -> Picture:
    scale = size / min(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    return np.asarray(image.crop((left, top, left + size, top + size)))


def grey_of(truth: Picture) -> Picture:
    """(H,W) uint8 with the truth's lightness."""
    table = lightness(np.arange(256, dtype=np.uint8)[None])[0]
    return np.searchsorted((table[1:] + table[:-1]) / 2, lightness(truth)).astype(np.uint8)


def sheet(rows: list[list[Picture]], path: Path) -> None:
    Image.fromarray(np.vstack([np.hstack(row) for row in rows])).save(path, quality=90)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, nargs="+", required=True)
    parser.add_argument("--inception", type=Path, required=True)
    parser.add_argument("--alexnet", type=Path, required=True)
    parser.add_argument("--model", default="photo")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--detail", type=int, nargs="+", default=[256])
    parser.add_argument("--vividness", type=float, nargs="+", default=[1.0])
    parser.add_argument("--every", type=int, default=1, help="use every n-th picture: quick, FIDs not comparable")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    named = [pair for shard in args.shards for pair in shard_pictures(shard)][:: args.every]
    truths = [square(decode(data), args.size) for _, data in named]
    greys = [grey_of(truth) for truth in truths]
    truth_labs = [lab_of(truth) for truth in truths]
    inception, lpips = Inception(args.inception), Lpips(args.alexnet)

    def features(pictures: list[Picture]) -> NDArray[np.float64]:
        return np.concatenate([inception(pictures[i : i + BATCH]) for i in range(0, len(pictures), BATCH)])

    def row(pictures: list[Picture], target: NDArray[np.float64]) -> dict[str, float]:
        labs = [lab_of(picture) for picture in pictures]
        tints = [tint_distance(a, b) for a, b in zip(labs, truth_labs, strict=True)]
        with ThreadPoolExecutor(2) as pool:
            ciede = list(pool.map(mean_ciede2000, labs, truth_labs))
        return {
            "n": len(pictures),
            "fid": frechet_distance(features(pictures), target),
            "lpips_alex": float(np.mean([lpips(a, b) for a, b in zip(pictures, truths, strict=True)])),
            "psnr": float(np.mean([psnr(a, b) for a, b in zip(pictures, truths, strict=True)])),
            "ciede2000": float(np.mean(ciede)),
            "colorfulness": float(np.mean([colorfulness(a) for a in pictures])),
            "tinted_share": float(np.mean(np.array(tints) > TINTED)),
        }

    kept = args.out / f"truth-{len(truths)}-{args.size}.npz"
    if kept.exists():
        stored = np.load(kept, allow_pickle=False)
        target, rows = stored["features"], {"grey": json.loads(str(stored["grey"]))}
    else:
        target = features(truths)
        rows = {"grey": row([np.repeat(grey[..., None], 3, axis=2) for grey in greys], target)}
        np.savez(kept, features=target, grey=json.dumps(rows["grey"]))
    rows["truth"] = {"colorfulness": float(np.mean([colorfulness(t) for t in truths]))}
    print(json.dumps(rows), flush=True)

    model = photochrom.load_model(args.model)
    for detail, vividness in itertools.product(args.detail, args.vividness):
        pictures = [model.colorize(grey, detail=detail, vividness=vividness) for grey in greys]
        name = f"{Path(args.model).stem}-d{detail}-v{vividness:g}"
        rows[name] = row(pictures, target)
        print(name, json.dumps({k: round(v, 4) for k, v in rows[name].items()}), flush=True)
        chosen = range(0, len(truths), max(1, len(truths) // 24))
        columns = [[np.repeat(greys[i][..., None], 3, axis=2), pictures[i], truths[i]] for i in chosen]
        lines = [[one for column in columns[i : i + 4] for one in column] for i in range(0, len(columns) - 3, 4)]
        sheet(lines, args.out / f"{name}.jpg")
        (args.out / "rows.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
