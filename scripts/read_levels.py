"""Fit the readings of a photo model's decoder levels (photochrom.network.levels), and keep them beside its file.

python scripts/read_levels.py photo photo-fast --data FOLDER_OR_SHARD ... --pictures 600
"""

from __future__ import annotations

import argparse

import numpy as np
import onnxruntime as ort

from photochrom.domains.table import find_domain
from photochrom.network.graph import nodes_of, with_outputs
from photochrom.network.levels import Fit, levels_file, save_levels
from photochrom.network.models import find_model
from photochrom.network.session import open_network
from photochrom.pictures.find import find_pictures
from photochrom.pictures.squares import center_crop
from photochrom.prediction import Prediction

LEVELS = {"block32": "1/32: the scene", "block16b": "1/16: things", "block8": "1/8: parts", "block4": "1/4: edges"}
SIZE = 256  # px: pictures are made so large


def tensor_of(model: bytes, block: str) -> str:
    """The output of a block of the decoder in the first pass, at the picture's own size."""
    return next(node.outputs[0] for node in nodes_of(model) if node.outputs and _is_end(node.outputs[0], block))


def _is_end(name: str, block: str) -> bool:
    return name.endswith(f"/{block}/Relu_output_0")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--pictures", type=int, default=600)
    args = parser.parse_args()
    chosen = sorted(find_pictures(args.data), key=lambda picture: picture.digest)[: args.pictures]
    for name in args.models:
        network = open_network(find_model(name))
        spec, file = network.spec, network.info.file
        prepare = find_domain(spec.domain).prepare
        fits = [Fit(label, tensor_of(file.read_bytes(), block)) for block, label in LEVELS.items()]
        session = ort.InferenceSession(with_outputs(file.read_bytes(), [fit.tensor for fit in fits]))
        for picture in chosen:
            shown = prepare(center_crop(picture.pixels(SIZE), SIZE), (SIZE, SIZE))
            given = {"lightness": shown[None, None], "hints": np.zeros((1, 3, SIZE, SIZE), np.float32)}
            output, *maps = session.run(None, {name: given[name] for name in spec.inputs})
            answer = Prediction(spec, shown, output[0]).ab()
            for fit, features in zip(fits, maps, strict=True):
                fit.add(features[0], answer)
        levels = [fit.level() for fit in fits]
        save_levels(levels, levels_file(file), sha256=network.info.sha256)
        for level in levels:
            print(f"{name}: {level.name}: {level.explained:.1%} of the finished colours")


if __name__ == "__main__":
    main()
