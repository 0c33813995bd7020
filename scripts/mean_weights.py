"""The mean of the weights of an exported photo model and of a run that began with it, as an .onnx.

python scripts/mean_weights.py photo.onnx runs/photo-1/checkpoints/last.ckpt --share 0.4 --data SHARDS -o mean.onnx

A run wanders about a good place; half-way between where it began and where it ended lies often better than both
(Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from photochrom.train.data.parts import parts_of
from photochrom.train.export import export_method
from photochrom.train.methods import load_method
from photochrom.train.start.start import Start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path, help="the .onnx that the run began with")
    parser.add_argument("second", type=Path, help="the run, or one of its checkpoints")
    parser.add_argument("--share", type=float, default=0.5, help="of the second; 0 gives the first")
    parser.add_argument("--data", nargs="+", required=True, help="training pictures, which measure the first's norms")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--licence", default="Apache-2.0")
    args = parser.parse_args()

    method = load_method(args.second)
    ended = {name: value.clone() for name, value in method.state_dict().items()}
    pictures = parts_of(args.data, method.recipe, commands=True).train
    Start.read(args.first, pictures, method.recipe, method.bins).load_into(method, pictures)
    with torch.no_grad():
        for name, value in method.state_dict().items():
            if value.is_floating_point():
                value.lerp_(ended[name], args.share)
    worst = export_method(method.eval(), args.out, licence=args.licence, half=True, overwrite=True)
    print(f"onnxruntime gives what torch gives, to {worst:.1e}")


if __name__ == "__main__":
    main()
