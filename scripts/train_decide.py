"""Train the classifier of `--domain auto` and measure it: python scripts/train_decide.py DATA [--out decide.json].

DATA: a folder with photos-*.tar, nir-train-*.tar, thermal-train-*.tar, satellite-train-*.tar, sketch-train-*.tar and
cartoon-train-*.tar anywhere below it, each beside its dev set, as photochrom's pictures are kept.
"""

import argparse
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from photochrom.domains import decide
from photochrom.network.models import find_model
from photochrom.photo import Photo
from photochrom.prepare.infrared import as_infrared, random_infrared

NAMES = ("photo", "sketch", "infrared", "thermal", "satellite")
# kind -> domain, shards to train on and to measure on, members' suffix, versions of each picture, pictures at most
KINDS = {
    "photograph": ("photo", "train/photos-*.tar", "dev/[obsk]*.tar", ".webp", 1, 1500),
    "old photograph": ("photo", "train/photos-*.tar", "dev/historic-*.tar", ".webp", 1, 300),
    "document": ("photo", "", "", "", 1, 250),
    "pencil sketch": ("sketch", "sketch-train-*.tar", "sketch-dev-*.tar", ".webp", 1, 400),
    "line art": ("sketch", "cartoon-train-*.tar", "cartoon-dev-*.tar", ".webp", 1, 500),
    "near-infrared": ("infrared", "nir-train-*.tar", "nir-dev-*.tar", ".ir.webp", 6, 999),
    "simulated infrared": ("infrared", "train/photos-*.tar", "", ".webp", 1, 700),
    "thermal": ("thermal", "thermal-train-*.tar", "thermal-dev-*.tar", ".ir.webp", 3, 999),
    "satellite": ("satellite", "satellite-train-*.tar", "satellite-dev-*.tar", ".ir.webp", 12, 999),
}
PHOTOGRAPHS = 6  # times as much as another domain they weigh: a false alarm in a collection is dear
GREEN = 0.15  # share of plants from which a photograph's simulated infrared looks like one


def pictures(root: Path, pattern: str, suffix: str, most: int) -> Iterator[Image.Image]:
    """Grey pictures of shards, those of several shards in turn."""
    shards = sorted(root.rglob(pattern))
    each = -(-most // max(1, len(shards)))
    for shard in shards:
        with tarfile.open(shard) as tar:
            for taken, member in enumerate(m for m in tar if m.name.endswith(suffix)):
                if taken == each:
                    break
                file = tar.extractfile(member)
                assert file is not None
                yield Image.open(io.BytesIO(file.read())).convert("RGB")


def as_kind(kind: str, image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The input that a picture of that kind gives: line art of a cartoon, an aged print of a photograph."""
    if kind == "simulated infrared":
        return Image.fromarray(as_infrared(np.asarray(image), random_infrared(rng)))
    if kind == "line art":
        return line_art(image, rng)
    if kind == "photograph":  # by luma, by one channel, as films of other sensitivity do
        weights = rng.dirichlet((4, 6, 2))
        return Image.fromarray((np.asarray(image) @ weights).astype(np.uint8))
    if kind == "old photograph":
        x = np.asarray(image.convert("L").filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.5))), np.float32)
        x = 128 + (x - 128) * rng.uniform(0.4, 1.1) + rng.uniform(-40, 40)
        grain = np.asarray(
            Image.fromarray(rng.normal(0, 1, x.shape).astype(np.float32)).filter(ImageFilter.GaussianBlur(0))
        )
        return Image.fromarray(np.clip(x + grain * rng.uniform(2, 14), 0, 255).astype(np.uint8))
    return image.convert("L")


def line_art(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """XDoG (Winnemoeller 2011) with a random pen."""
    grey, sigma = image.convert("L"), rng.uniform(0.6, 1.4)
    near, far = (np.asarray(grey.filter(ImageFilter.GaussianBlur(s)), np.float32) / 255 for s in (sigma, 1.6 * sigma))
    sharp = rng.uniform(8, 30)
    d = (1 + sharp) * near - sharp * far
    level = rng.uniform(0.3, 0.75)
    return Image.fromarray(
        (np.where(d >= level, 1, 1 + np.tanh(rng.uniform(5, 30) * (d - level))).clip(0, 1) * 255).astype(np.uint8)
    )


def document(rng: np.random.Generator) -> Image.Image:
    """A page of print, as scanned."""
    paper, ink = rng.integers(190, 256), rng.integers(0, 70)
    image = Image.new("L", (600, int(rng.integers(400, 800))), int(paper))
    draw, y = ImageDraw.Draw(image), int(rng.integers(10, 80))
    size = int(rng.integers(9, 22))
    font = ImageFont.load_default(size)
    words = ["the", "of", "photograph", "in", "a", "museum", "1912", "and", "letter", "street", "with", "was", "I"]
    left, right = sorted(int(v) for v in rng.integers(5, 595, 2)) if rng.random() < 0.2 else (30, 570)
    while y < image.height - size:
        draw.text((left, y), " ".join(rng.choice(words, 40)), font=font, fill=int(ink))
        y += int(size * 1.5) + (int(size * 1.5) if rng.random() < 0.15 else 0)
    draw.rectangle((right, 0, 600, image.height), fill=int(paper))
    noisy = np.asarray(image, np.float32) + rng.normal(0, rng.uniform(0, 6), (image.height, image.width))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(rng.uniform(0, 1.5))
    )


def is_green(image: Image.Image) -> bool:
    """Whether a colour picture shows plants enough for its infrared to look like one."""
    red, green, blue = np.moveaxis(np.asarray(image, np.float32), -1, 0)
    return bool(((2 * green - red - blue) / (red + green + blue + 30) > 0.15).mean() > GREEN)


def from_above(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A satellite's picture turned any way, from which a part is cut, in another stretch: there is no up."""
    angle = rng.uniform(0, 360)
    turned = image.resize((2 * image.width, 2 * image.height), Image.Resampling.BICUBIC).rotate(
        angle, Image.Resampling.BICUBIC
    )
    w, h = turned.size
    side = rng.uniform(0.35, 0.68) * min(w, h)  # a square that lies inside whatever the angle
    x, y = (w - side) / 2, (h - side) / 2
    reach = max(0.0, min(w, h) / 2**0.5 - side) / 2
    x, y = x + rng.uniform(-reach, reach), y + rng.uniform(-reach, reach)
    a = np.asarray(turned.crop((round(x), round(y), round(x + side), round(y + side))), np.float32) / 255
    low, high = np.percentile(a, (rng.uniform(0, 3), rng.uniform(95, 100)))
    return Image.fromarray(
        (np.clip((a - low) / max(high - low, 0.02), 0, 1) ** rng.uniform(0.6, 1.5) * 255).astype(np.uint8)
    )


def varied(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Another part, size, exposure and JPEG of a grey picture: what kind it is must not be told by these."""
    w, h = image.size
    share = rng.uniform(0.65, 1)
    x, y = rng.uniform(0, w * (1 - share)), rng.uniform(0, h * (1 - share))
    short = rng.uniform(90, 220)
    scale = short / (share * min(w, h))
    size = max(16, round(w * share * scale)), max(16, round(h * share * scale))
    image = image.resize(size, Image.Resampling.LANCZOS, (x, y, x + w * share, y + h * share))
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    a = np.asarray(image, np.float32) / 255
    a = a ** rng.uniform(0.7, 1.4) * rng.uniform(0.75, 1) + rng.uniform(0, 0.1)
    a += rng.normal(0, rng.uniform(0, 0.02), a.shape)
    image = Image.fromarray((a.clip(0, 1) * 255).astype(np.uint8))
    memory = io.BytesIO()
    image.save(memory, "JPEG", quality=int(rng.integers(50, 96)))
    return Image.open(memory).convert("L")


def seen(image: Image.Image) -> np.ndarray:
    return decide.features(decide.lightness_of(Photo.from_array(np.asarray(image.convert("L")))))


def inputs(root: Path, *, train: bool) -> Iterator[tuple[str, int, Image.Image]]:
    """The kind of each picture, which one it is, and the grey picture; of one to train on several versions."""
    rng = np.random.default_rng(0 if train else 1)
    for kind, (_, train_on, dev_on, suffix, times, most) in KINDS.items():
        if kind == "document":
            found: Iterator[Image.Image] = (document(rng) for _ in range(most if train else most // 5))
        else:
            found = (
                pictures(root, train_on if train else dev_on, suffix, most if train else 9999)
                if train or dev_on
                else iter(())
            )
        for number, image in enumerate(found):
            if kind == "simulated infrared" and not is_green(image):
                continue
            as_it_is = kind == "document" or (kind == "old photograph" and not train)
            grey = image.convert("L") if as_it_is else as_kind(kind, image, rng)
            for version in range(times if train else 1):
                turned = kind == "satellite" and version % 4 and train  # a quarter is upright, as files come
                yield kind, number, varied(from_above(grey, rng) if turned else grey, rng) if train else grey


def gather(root: Path, *, train: bool) -> tuple[np.ndarray, list[str]]:
    """Features (n,f) and the kind of each."""
    x, kinds = [], []
    for kind, _, grey in inputs(root, train=train):
        if kinds and kind != kinds[-1]:
            print(kinds[-1], kinds.count(kinds[-1]), flush=True)
        x.append(seen(grey))
        kinds.append(kind)
    return np.stack(x), kinds


def fit(x: np.ndarray, y: np.ndarray, *, hidden: int, steps: int = 1000) -> dict[str, np.ndarray]:
    """One hidden layer, by AdamW, the classes weighed alike but for photographs, which are most of what there is."""
    torch.manual_seed(0)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-3
    z = torch.tensor(np.clip((x - mean) / spread, -5, 5), dtype=torch.float32)
    target = torch.tensor(y)
    weight = 1 / torch.bincount(target).float()
    weight[0] *= PHOTOGRAPHS
    net = torch.nn.Sequential(
        torch.nn.Linear(z.shape[1], hidden), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(hidden, len(NAMES))
    )
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    odds = weight[target].numpy() / weight[target].sum().item()
    rng = np.random.default_rng(0)
    for _ in range(steps):
        batch = torch.tensor(rng.choice(len(z), 256, p=odds / odds.sum()))
        loss = torch.nn.functional.cross_entropy(
            net(z[batch] + 0.1 * torch.randn(256, z.shape[1])), target[batch], label_smoothing=0.02
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    first, out = net[0], net[3]
    return {
        "mean": mean,
        "spread": spread,
        "hidden": first.weight.detach().T.numpy(),
        "hidden_bias": first.bias.detach().numpy(),
        "out": out.weight.detach().T.numpy(),
        "out_bias": out.bias.detach().numpy(),
        "temperature": np.array(1.0),
    }


def confusion(x: np.ndarray, kinds: list[str]) -> str:
    """What each kind is coloured as, as a table."""
    lines = [f"| | n | {' | '.join(NAMES)} | unsure, so photo |", "|---|" + "---|" * (len(NAMES) + 2)]
    for kind in KINDS:
        rows = [i for i, name in enumerate(kinds) if name == kind]
        if not rows:
            continue
        counts, unsure = dict.fromkeys(NAMES, 0), 0
        for i in rows:
            given = decide.probabilities(x[i])
            likely = max(given, key=lambda name: given[name])
            unsure += given[likely] < decide.SURE
            counts[likely if given[likely] >= decide.SURE else "photo"] += 1
        lines.append(f"| {kind} | {len(rows)} | {' | '.join(str(counts[n]) for n in NAMES)} | {unsure} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=decide.TABLE)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--cache", type=Path, help="keep the features here")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.cache and args.cache.exists():
        kept = np.load(args.cache)
        (x, kinds), (dev_x, dev_kinds) = ((kept[p + "x"], kept[p + "k"].tolist()) for p in ("", "dev_"))
    else:
        (x, kinds), (dev_x, dev_kinds) = (gather(args.data, train=train) for train in (True, False))
        if args.cache:
            np.savez(args.cache, x=x, k=kinds, dev_x=dev_x, dev_k=dev_kinds)
    y = np.array([NAMES.index(KINDS[kind][0]) for kind in kinds])
    table = fit(x, y, hidden=args.hidden)
    values = {
        name: np.round(value.astype(float), 3 if name == "hidden" else 4).tolist() for name, value in table.items()
    }
    encoder = find_model(decide.ENCODER).sha256
    args.out.write_text(json.dumps({"domains": NAMES, "encoder": encoder, **values}) + "\n", encoding="utf-8")
    decide._table.cache_clear()
    print(confusion(dev_x, dev_kinds))


if __name__ == "__main__":
    main()
