"""The mean of the weights of photo models: an exported one and runs that began with it, or runs alone; as an .onnx.

python scripts/mean_weights.py photo.onnx runs/1/checkpoints/last.ckpt --shares 0.6 0.4 --data SHARDS -o mean.onnx
python scripts/mean_weights.py runs/1/checkpoints/last.ckpt runs/2/checkpoints/last.ckpt -o mean.onnx

A run wanders about a good place; half-way between where it began and where it ended lies often better than both
(Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018), and so does the middle
of several that began alike (Wortsman et al., "Model soups", ICML 2022).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from photochrom.pictures.picture import Picture
from photochrom.train.data.parts import parts_of
from photochrom.train.export import export_method
from photochrom.train.methods import load_method
from photochrom.train.start.start import Start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+", help="runs, checkpoints, exported .onnx; one run at least")
    parser.add_argument("--shares", type=float, nargs="+", help="of each, in this order; alike without it")
    parser.add_argument("--data", nargs="+", help="training pictures, which measure the norms of an .onnx")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--licence", default="Apache-2.0")
    args = parser.parse_args()
    runs = [path for path in args.models if path.suffix != ".onnx"]
    shares = args.shares or [1.0] * len(args.models)
    if not runs or len(shares) != len(args.models) or not sum(shares) > 0:
        parser.error("give one run or .ckpt at least, which says how the network is built, and a share of each model")
    if len(runs) < len(args.models) and not args.data:
        parser.error("give --data, training pictures by which the norms of an .onnx are measured")

    mean = load_method(runs[0])
    pictures = parts_of(args.data, mean.recipe, commands=True).train if args.data else []
    weights = [weights_of(path, runs[0], pictures) for path in args.models]
    with torch.no_grad():
        for name, value in mean.state_dict().items():
            if name.startswith("network.") and value.is_floating_point():
                value.zero_()
                for share, of_one in zip(shares, weights, strict=True):
                    value.add_(of_one[name], alpha=share / sum(shares))
    worst = export_method(mean, args.out, licence=args.licence, half=True, overwrite=True)
    print(f"onnxruntime gives what torch gives, to {worst:.1e}")


def weights_of(path: Path, built: Path, pictures: Sequence[Picture]) -> dict[str, Tensor]:
    """Of a run; of an .onnx in the method of the run `built`, with the norms that it has on the pictures."""
    if path.suffix != ".onnx":
        return load_method(path).state_dict()
    method = load_method(built)
    Start.read(path, pictures, method.recipe, method.bins).load_into(method, pictures)
    return method.state_dict()


if __name__ == "__main__":
    main()
