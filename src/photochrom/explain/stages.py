"""How colour comes from coarse to fine: what a network would paint after each level of its decoder, without torch.

    from photochrom.explain.stages import stages

    prediction = model.predict(photo, settings)                 # model: a Colorizer
    for stage in stages(model.info, prediction, settings):      # coarse to fine; the last is the network's own answer
        stage.name, stage.stride, stage.explained, stage.ab     # ab (h,w,2), for Colorizer.lay

For networks in training: photochrom.train.stages.
"""

from __future__ import annotations

from photochrom.color.lab import Float
from photochrom.network.layers import run_with_outputs
from photochrom.network.levels import Level, Stage, levels_file, load_levels
from photochrom.network.models import ModelInfo
from photochrom.prediction import Prediction
from photochrom.settings import Settings

FINAL = "all sizes, smoothed"  # the name of the last stage of a network that looks at several sizes


def stages(
    info: ModelInfo, prediction: Prediction, settings: Settings | None = None, hints: Float | None = None
) -> list[Stage]:
    """What the network would paint after each level, coarse to fine, and last what it does paint.

    prediction: of that model. hints: (3,h',w') as the network was given them, None for none; levels before the hints
    are spread don't show them. Raises ModelError for a model whose levels nobody has read: others than those that ship.
    """
    levels = load_levels(levels_file(info.file), sha256=info.sha256)
    maps = activations(info, levels, prediction.shown, hints)
    found = []
    for level, features in zip(levels, maps, strict=True):
        read = level.read(features)
        light = read[..., 0] if read.shape[-1] > 2 else None
        found.append(Stage(level.name, _stride(prediction, features), read[..., -2:], level.explained, light))
    answer = prediction.ab(settings)
    several = len(prediction.spec.details.get("scales", [1.0])) > 1
    last = Stage(FINAL if several else "answer", prediction.spec.stride, answer, 1.0, prediction.lightness())
    return [*found, last]


def activations(info: ModelInfo, levels: list[Level], shown: Float, hints: Float | None = None) -> list[Float]:
    """The activations (C,h,w) of each level for what the network is shown, (h',w') 0..100."""
    return run_with_outputs(info, [level.tensor for level in levels], shown, hints)


def _stride(prediction: Prediction, features: Float) -> int:
    stride: int = round(prediction.shown.shape[0] / features.shape[1])
    return stride
