"""Is skin of every tone painted in its own colour? The faces of photographs, by their lightness.

    python scripts/skin_table.py --data PORTRAITS --model photo photo-fast --sheet faces.jpg

Faces are found in the truth (local binary patterns, scikit-image's cascade). Of the middle of each face counts what has
the colour of skin in the truth, and that in one colour: the mean a*, b* there, ours and the truth's, as chroma and as
hue (degrees; 40 is pink, 55 usual, 70 yellowish). Lightness is the picture's own in every row.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.data import lbp_frontal_face_cascade_filename
from skimage.feature import Cascade

import photochrom
from photochrom.errors import PictureError
from photochrom.evaluate.dataset import find_items
from photochrom.evaluate.given import grey_of, open_square
from photochrom.evaluate.metrics.picture import lab_of
from photochrom.evaluate.report.tables import markdown
from photochrom.sheet import contact_sheet

SIZE = 256
LIMITS = (40.0, 50.0, 60.0, 70.0)  # L* of a face, between the lines of the table
HUES, CHROMAS = (20.0, 85.0), (6.0, 50.0)  # of skin, degrees and ab units
LEAST = 0.5  # of the middle of a face that has the colour of skin

Rgb = NDArray[np.uint8]


@dataclass(frozen=True)
class Face:
    """light: its mean L*. ab: of the truth and then of each model, (1+M,2). shown: cut out, the same."""

    light: float
    ab: NDArray[np.float64]
    shown: list[Rgb]


def faces_in(cascade: Cascade, truth: Rgb) -> list[tuple[slice, slice]]:
    found = cascade.detect_multi_scale(
        img=grey_of(truth), scale_factor=1.2, step_ratio=1, min_size=(40, 40), max_size=(220, 220)
    )
    boxes = sorted(found, key=lambda box: -box["width"])
    kept: list[tuple[slice, slice]] = []
    for box in boxes:
        row, column, height, width = (int(box[name]) for name in ("r", "c", "height", "width"))
        # From the eyes to the mouth, without hair and ground beside.
        rows = slice(row + height // 3, row + 5 * height // 6)
        columns = slice(column + width // 4, column + 3 * width // 4)
        if not any(_meet(rows, r) and _meet(columns, c) for r, c in kept):
            kept.append((rows, columns))
    return kept


def measured(truth: Rgb, painted: Sequence[Rgb], box: tuple[slice, slice]) -> Face | None:
    """A face, or None where the place has not the colour of skin."""
    lab = lab_of(truth)[box]
    hue, chroma = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])), np.hypot(lab[..., 1], lab[..., 2])
    skin = (hue > HUES[0]) & (hue < HUES[1]) & (chroma > CHROMAS[0]) & (chroma < CHROMAS[1])
    if skin.mean() < LEAST:
        return None
    labs = [lab, *(lab_of(picture)[box] for picture in painted)]
    ab = np.array([one[skin][:, 1:].mean(0) for one in labs], np.float64)
    return Face(float(lab[skin][:, 0].mean()), ab, [picture[box] for picture in (truth, *painted)])


def table(faces: Sequence[Face], names: Sequence[str]) -> list[dict[str, str]]:
    kinds = np.digitize([face.light for face in faces], LIMITS)
    labels = [f"under {LIMITS[0]:g}", *(f"{a:g} to {b:g}" for a, b in pairwise(LIMITS))]
    labels.append(f"over {LIMITS[-1]:g}")
    lines = []
    for kind, label in enumerate(labels):
        chosen = [face for face, own in zip(faces, kinds, strict=True) if own == kind]
        line = {"L* of the face": label, "Faces": str(len(chosen))}
        if chosen:
            ab = np.stack([face.ab for face in chosen])  # (n,1+M,2)
            chroma, hue = np.hypot(*ab.T).T, np.degrees(np.arctan2(ab[..., 1], ab[..., 0]))
            off = np.linalg.norm(ab - ab[:, :1], axis=-1).mean(0)
            for i, name in enumerate(("truth", *names)):
                line[f"Chroma: {name}"] = f"{chroma[:, i].mean():.1f}"
                line[f"Hue: {name}"] = f"{hue[:, i].mean():.0f}"
                if i:
                    line[f"Off: {name}"] = f"{off[i]:.1f}"
        lines.append(line)
    return lines


def _meet(a: slice, b: slice) -> bool:
    return bool(a.start < b.stop and b.start < a.stop)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--model", nargs="+", default=["photo", "photo-fast"])
    parser.add_argument("--limit", type=int, default=0, help="take at most so many pictures, every n-th")
    parser.add_argument("--sheet", type=Path, help="write the faces here, from dark to light")
    args = parser.parse_args()
    cascade = Cascade(lbp_frontal_face_cascade_filename())
    models = [photochrom.load_model(name) for name in args.model]
    faces: list[Face] = []
    for item in find_items(args.data, limit=args.limit):
        try:
            truth = open_square(item, SIZE)
        except PictureError:
            continue
        boxes = faces_in(cascade, truth)
        if boxes:
            painted = [model.colorize(grey_of(truth)) for model in models]
            faces += [face for box in boxes if (face := measured(truth, painted, box))]
    names = [Path(name).stem for name in args.model]
    print(f"{len(faces)} faces\n\n{markdown(table(faces, names))}")
    if args.sheet and faces:
        faces.sort(key=lambda face: face.light)
        chosen = faces[:: -(-len(faces) // 24)]
        contact_sheet([face.shown for face in chosen], ["truth", *names], least=96).save(args.sheet, quality=90)


if __name__ == "__main__":
    main()
