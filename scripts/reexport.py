"""An exported photo model asked at other sizes, or with another gain, temperature or smoothing; its weights stay.

python scripts/reexport.py src/photochrom/weights/photo.onnx --sizes 1 -o photo-1.onnx
python scripts/reexport.py src/photochrom/weights/photo.onnx --sizes 1 0.5 --gain 1.2 -o photo-2.onnx
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from photochrom.atomic import atomic_write
from photochrom.train.methods.staged import MULTIPLE
from photochrom.train.networks.multiscale import MultiScale, exported_scale_weights, photo_details
from photochrom.train.onnx_writing import PARITY, difference, to_onnx
from photochrom.train.start.from_onnx import photo_from_onnx


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--sizes", type=float, nargs="+", choices=(0.5, 1.0, 1.5), help="the file's own without it")
    parser.add_argument("--gain", type=float)
    parser.add_argument("--temperature", type=float)
    parser.add_argument("--smoothing", type=float)
    parser.add_argument("-o", "--out", type=Path, required=True)
    args = parser.parse_args()

    network, spec = photo_from_onnx(args.model)
    weights = exported_scale_weights(spec.details)
    if args.sizes:
        weights = dict.fromkeys([1.0, *(size for size in args.sizes if size != 1)], 1.0)
    smoothing = spec.details.get("smoothing", 0.0) if args.smoothing is None else args.smoothing
    asked = MultiScale(network, weights, smoothing).eval()
    spec = replace(
        spec,
        multiple=2 * MULTIPLE if len(weights) > 1 else MULTIPLE,
        gain=args.gain or spec.gain,
        temperature=args.temperature or spec.temperature,
        details={**spec.details, **photo_details(network.settings, weights, smoothing)},
    )
    data = to_onnx(asked, spec, half=True)
    worst = difference(data, asked, spec)
    if not worst <= PARITY:
        parser.error(f"the file would differ from torch by {worst:.1e}, over {PARITY:g}")
    with atomic_write(args.out) as stream:
        stream.write(data)
    print(f"{args.out}: sizes {', '.join(f'{size:g}' for size in weights)}, gain {spec.gain:g}")


if __name__ == "__main__":
    main()
