"""Which of two colourings do people like better? Pairs side by side, shuffled and without names, and the votes counted.

    photochrom evaluate --data DEV --limit 40 --model photo --vividness 1 1.2 --save-pictures --out scores
    python scripts/blind_pairs.py make scores/pictures/photo scores/pictures/photo-v1.2 --count 40 -o pairs
    python scripts/blind_pairs.py count pairs votes.txt

`make` takes two folders with pictures of the same names. It writes pairs/index.html, on which one votes with a click or
a key, the same pairs on sheets (pairs/sheet-1.png...), and pairs/key.json, which says what lies where: don't open it.
A vote is a line, "12 left", "12 right" or "12 same"; the page gives them as a text to save.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from photochrom.sheet import contact_sheet

PER_SHEET, SHOWN = 4, 384  # pairs on a sheet; px of the side of a picture
CHOICES = ("left", "right", "same")

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Which is better?</title>
<style>body{{background:#777;color:#fff;font:18px sans-serif;text-align:center;margin:1em}}
img{{width:min(46vw,80vh);margin:.3em;cursor:pointer;vertical-align:top}}textarea{{width:90%;height:16em}}</style>
<h1></h1><div><img alt="left"><img alt="right"></div>
<p>Which would you rather frame? Click it; keys: left, right, or space where you can't say.</p>
<textarea hidden readonly aria-label="votes"></textarea>
<script>
const pairs = {pairs}, votes = [], [left, right] = document.images, text = document.querySelector("textarea");
function next() {{
  if (votes.length == pairs.length) {{
    text.hidden = false; text.value = votes.join("\\n") + "\\n";
    document.querySelector("div").remove(); document.querySelector("h1").textContent = "Save this as votes.txt";
    return;
  }}
  document.querySelector("h1").textContent = `${{votes.length + 1}} of ${{pairs.length}}`;
  [left.src, right.src] = pairs[votes.length];
}}
function vote(choice) {{
  if (votes.length < pairs.length) {{ votes.push(`${{votes.length + 1}} ${{choice}}`); next(); }}
}}
left.onclick = () => vote("left"); right.onclick = () => vote("right");
onkeydown = e => {{ const c = {{ArrowLeft: "left", ArrowRight: "right", " ": "same"}}[e.key]; if (c) vote(c); }};
next();
</script></html>
"""


def pictures_in(folder: Path) -> dict[str, Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp"))
    return {str(path.relative_to(folder).with_suffix("")): path for path in found}


def tile(number: int) -> NDArray[np.uint8]:
    """The number of a pair, to stand beside it."""
    image = Image.new("RGB", (60, 60), "white")
    ImageDraw.Draw(image).text((30, 30), str(number), fill="black", font=ImageFont.load_default(36), anchor="mm")
    return np.asarray(image)


def make(folders: tuple[Path, Path], out: Path, count: int, seed: int) -> None:
    first, second = (pictures_in(folder) for folder in folders)
    names = [name for name in first if name in second]
    if not names:
        sys.exit(f"{folders[0]} and {folders[1]} have no picture of the same name")
    draw = random.Random(seed)
    names = draw.sample(names, min(count, len(names)))
    sides = [False, True] * (len(names) // 2 + 1)  # each lies on the left as often as on the right
    sides = sides[: len(names)]
    draw.shuffle(sides)
    out.mkdir(parents=True)
    key, rows, places = [], [], []
    for number, (name, swapped) in enumerate(zip(names, sides, strict=True), start=1):
        shown = []
        for side, found in zip(("a", "b"), (second, first) if swapped else (first, second), strict=True):
            picture = Image.open(found[name]).convert("RGB")
            picture.save(out / f"{number:02}{side}.png")
            picture.thumbnail((SHOWN, SHOWN), Image.Resampling.LANCZOS)
            shown.append(np.asarray(picture))
        order = [str(folder) for folder in (reversed(folders) if swapped else folders)]
        key.append({"pair": number, "name": name, "left": order[0], "right": order[1]})
        rows.append([tile(number), *shown])
        places.append([f"{number:02}a.png", f"{number:02}b.png"])
    for sheet, start in enumerate(range(0, len(rows), PER_SHEET), start=1):
        picture = contact_sheet(rows[start : start + PER_SHEET], ["", "left", "right"])
        picture.save(out / f"sheet-{sheet}.png")
    (out / "index.html").write_text(PAGE.format(pairs=json.dumps(places)), encoding="utf-8")
    (out / "key.json").write_text(json.dumps(key, indent=1) + "\n", encoding="utf-8")
    print(f"{len(names)} pairs: open {out / 'index.html'}, or look at {out}/sheet-*.png")


def count_votes(key: list[dict[str, str]], lines: list[str]) -> dict[str, int]:
    """How many votes each folder got, and "same"; of the last vote on each pair."""
    pairs = {int(row["pair"]): row for row in key}
    counts = dict.fromkeys([*sorted({row["left"] for row in key} | {row["right"] for row in key}), "same"], 0)
    votes: dict[int, str] = {}
    for line in lines:
        number, _, choice = line.strip().partition(" ")
        if not line.strip():
            continue
        if not number.isdigit() or int(number) not in pairs or choice not in CHOICES:
            sys.exit(f"{line.strip()!r} is no vote: write the number of a pair and {', '.join(CHOICES)}")
        votes[int(number)] = choice
    for number, choice in votes.items():
        counts["same" if choice == "same" else pairs[number][choice]] += 1
    return counts


def sign_test(wins: int, losses: int) -> float:
    """How likely a split at least as uneven would be by chance, 0..1 (two-sided)."""
    n = wins + losses
    tail = sum(math.comb(n, k) for k in range(max(wins, losses), n + 1)) / 2**n
    return min(1.0, 2 * tail)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("make", help="pairs to look at")
    making.add_argument("first", type=Path)
    making.add_argument("second", type=Path)
    making.add_argument("--count", type=int, default=40)
    making.add_argument("--seed", type=int, default=0)
    making.add_argument("-o", "--out", type=Path, required=True)
    counting = verbs.add_parser("count", help="what was voted for")
    counting.add_argument("pairs", type=Path)
    counting.add_argument("votes", type=Path)
    args = parser.parse_args()
    if args.verb == "make":
        make((args.first, args.second), args.out, args.count, args.seed)
        return
    key = json.loads((args.pairs / "key.json").read_text(encoding="utf-8"))
    counts = count_votes(key, args.votes.read_text(encoding="utf-8").splitlines())
    for name, votes in counts.items():
        print(f"{votes:4} {name}")
    wins, losses, *_ = counts.values()
    print(f"by chance at least as uneven: {sign_test(wins, losses):.2f}")


if __name__ == "__main__":
    main()
