"""Training a shipped model on with one's own pictures."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from photochrom.errors import UsageError
from photochrom.network.models import find_model
from photochrom.network.spec import NetworkSpec
from photochrom.train.methods import METHODS
from photochrom.train.networks.multiscale import SCALES, exported_scale_weights
from photochrom.train.recipe import Recipe, load_recipe
from photochrom.train.run.options import AS_THE_RECIPE_SAYS, RunOptions
from photochrom.train.run.run import train
from photochrom.train.start.from_onnx import photo_from_onnx

# The recipe `photo-cached`, gently: no critic, whose weights would have to be fetched, and the norms' statistics stay.
_GENTLY = (
    "network.pretrained=false",
    "network.fixed_norms=true",
    "loss.bins=used",
    "loss.bin_share=0",
    "loss.distribution_weight=1.0",
    "loss.huber_weight=0.3",
    "loss.perceptual_weight=0.0",
    "loss.adversarial=none",
    "loss.adversarial_weight=0.0",
    "optimiser.refine_rate=2e-4",
    "optimiser.weight_decay=0.0",
    "data.validation=0.1",
    "train.stages=[0.0, 1.0, 0.0]",
    "train.minutes=0.0",
    "train.epochs=4",
    "train.ema=0.99",
)


def finetune(
    model: str,
    data: Sequence[str | Path],
    out: Path,
    *,
    whole: bool = False,
    overrides: Sequence[str] = (),
    options: RunOptions = AS_THE_RECIPE_SAYS,
) -> Path:
    """Train a shipped model, or an exported .onnx, on with one's own colour pictures; gives `out`, the run's folder.

    whole: let the encoder learn too, which takes three times as long; else the decoder alone, from cached features.
    overrides: settings of the recipe, as in load_recipe. options: as of train(); it ends after 4 rounds.
    Raises ModelError for a file that isn't an export of the photo network, and what train() raises.
    """
    file = find_model(model).file
    _, spec = photo_from_onnx(file)
    recipe = finetune_recipe(model, spec, whole=whole, overrides=overrides)
    return train(recipe, data, out, options=options, start=file)


def finetune_recipe(model: str, spec: NetworkSpec, *, whole: bool, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe of a fine-tuning run of a model that says this of itself."""
    frozen = json.dumps(not whole)
    weights = exported_scale_weights(spec.details)
    ours = (
        *_GENTLY,
        f"network.frozen={frozen}",
        f"network.cache={frozen}",
        f"network.temperature={spec.temperature}",
        f"network.work_size={spec.work_size}",
        f"network.gain={spec.gain}",
        f"network.smoothing={spec.details.get('smoothing', 0.0)}",
        *(f"network.{name}={json.dumps(value)}" for name, value in spec.details.get("network", {}).items()),
        *(f"network.{name}={json.dumps(scale in weights)}" for name, scale in SCALES.items()),
        f"network.half_vote={weights.get(SCALES['two_scales'], 1.0)}",
    )
    recipe = load_recipe("photo-cached", [*ours, *overrides])
    if not METHODS[recipe.method].reads_exports:
        raise UsageError(f"method = {recipe.method!r} can't be used here: only a photo model can be trained on")
    return dataclasses.replace(recipe, name=f"{Path(model).stem}-finetuned", title=f"{Path(model).name}, trained on")
