"""Fit the readings of a model's decoder levels (photochrom.network.levels), and keep them beside its file.

python scripts/read_levels.py photo photo-fast --data FOLDER_OR_SHARD ... --pictures 600
python scripts/read_levels.py infrared --data PAIRS.tar            # of the other domains by the inputs of pairs
"""

from __future__ import annotations

import argparse

import numpy as np
import onnxruntime as ort

from photochrom.domains.domain import Domain
from photochrom.domains.table import find_domain
from photochrom.network.graph import nodes_of, with_outputs
from photochrom.network.levels import Fit, levels_file, save_levels
from photochrom.network.models import find_model
from photochrom.network.session import open_network
from photochrom.pictures.find import find_pictures
from photochrom.pictures.pairs import center_pair, only_pairs
from photochrom.pictures.picture import Picture, Pixels
from photochrom.pictures.squares import center_crop
from photochrom.prediction import Prediction

WHOLE = 0.999  # share from which a level is the answer itself, which is shown anyway
LEVELS = {"block32": "1/32: the scene", "block16b": "1/16: things", "block8": "1/8: parts", "block4": "1/4: edges"}


def tensor_of(model: bytes, block: str) -> str:
    """The output of a block of the decoder in the first pass, at the picture's own size."""
    return next(node.outputs[0] for node in nodes_of(model) if node.outputs and _is_end(node.outputs[0], block))


def _is_end(name: str, block: str) -> bool:
    return name.endswith(f"/{block}/Relu_output_0")


def given(picture: Picture, domain: Domain, size: int) -> Pixels:
    """The middle square of what a network of the domain is given of a picture."""
    return center_crop(picture.pixels(size), size) if domain.keeps_lightness else center_pair(picture, size)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--pictures", type=int, default=600)
    args = parser.parse_args()
    found = sorted(find_pictures(args.data), key=lambda picture: picture.digest)
    for name in args.models:
        network = open_network(find_model(name))
        spec, file = network.spec, network.info.file
        domain, size = find_domain(spec.domain), spec.work_size
        chosen = (found if domain.keeps_lightness else only_pairs(found))[: args.pictures]
        fits = [Fit(label, tensor_of(file.read_bytes(), block)) for block, label in LEVELS.items()]
        session = ort.InferenceSession(with_outputs(file.read_bytes(), [fit.tensor for fit in fits]))
        for picture in chosen:
            shown = domain.prepare(given(picture, domain, size), (size, size))
            shown = domain.show(shown) if domain.show else shown
            inputs = {spec.inputs[0]: shown[None, None], "hints": np.zeros((1, 3, size, size), np.float32)}
            output, *maps = session.run(None, {name: inputs[name] for name in spec.inputs})
            prediction = Prediction(spec, shown, output[0])
            light, ab = prediction.lightness(), prediction.ab()
            answer = ab if light is None else np.dstack([light, ab])
            for fit, features in zip(fits, maps, strict=True):
                fit.add(features[0], answer)
        levels = [level for level in (fit.level() for fit in fits) if level.explained < WHOLE]
        save_levels(levels, levels_file(file), sha256=network.info.sha256)
        for level in levels:
            print(f"{name}: {level.name}: {level.explained:.1%} of the finished colours")


if __name__ == "__main__":
    main()
