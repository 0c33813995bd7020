"""Recipes: what a training run does, as one short TOML file. Every key is documented where it is defined below.

`load_recipe("unet-cgan", ["train.batch=4"])` reads a recipe that ships with the package; a path to a .toml reads
one's own. Keys that are left out take the defaults below, or with `base = "unet-cgan"` at the top what that recipe says
(or a .toml beside the file). A key or value that isn't known is refused, naming the nearest.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from photochrom.errors import UsageError
from photochrom.train.recipe.values import build, nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RECIPES = Path(__file__).parents[2] / "recipes"  # those that ship with the package


MethodName = Literal["regression", "distribution", "cgan", "cyclegan", "photo"]
Precision = Literal["auto", "32", "bf16"]


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    size: int = 256  # side in pixels of the squares that are trained on
    crop: Literal["random", "centre"] = "random"  # which square of a training picture (validation: always the centre)
    zoom: float = 1.25  # a random crop is cut from the picture at a short side of size..size*zoom
    validation: float = 0.2  # share of the pictures kept for validation, chosen by the hash of the file's bytes
    limit: int = 0  # use this many pictures, chosen by hash; 0 = all
    min_colorfulness: float = 0.0  # leave out training pictures less colourful than this (Hasler-Suesstrunk)
    workers: int = 2  # processes that decode
    resident: Literal["auto", "yes", "no"] = "auto"  # decode once and keep the squares as uint8 in memory
    resident_gib: float = 4.0  # on a CPU, "auto" keeps at most this much; on a GPU, half of its free memory
    other: str = ""  # folder of the second, unpaired domain (cyclegan)


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    kind: str = "unet"  # cifar-cnn, unet, unet-timm, resnet50-frozen, eccv16, cyclegan, photo
    encoder: str = "resnet18"  # name of the timm encoder
    pretrained: bool = True  # begin with the encoder's ImageNet weights
    weights: str = ""  # a local file of those weights, instead of the hub
    caffe_strides: bool = False  # a ResNet halves in a block's 1x1 convolution, as weights of Caffe and Keras expect
    width: int = 64  # channels of the first level
    decoder_widths: tuple[int, int, int, int] = (72, 96, 128, 192)  # photo: channels at strides 4, 8, 16, 32
    levels: int = 8  # times the plain U-Net halves the picture
    blocks: int = 9  # cyclegan: residual blocks of a generator
    dropout: float = 0.0  # share of activations dropped, where the network has dropout
    temperature: float = 0.38  # of the annealed mean over the bins
    frozen: bool = False  # photo: leave the encoder as ImageNet made it
    work_size: int = 0  # photo: short side the exported model works at; 0 = data.size
    two_scales: bool = False  # photo: the exported model asks itself at full and at half size, and takes the mean
    half_vote: float = 1.0  # photo: how much its answer at half size counts, beside 1 for any other
    larger_scale: bool = False  # photo: it also asks itself at one and a half times the size
    gain: float = 1.0  # photo: the exported model stretches its colours away from grey, as means are pale
    smoothing: float = 0.0  # photo: how far even ground agrees in the exported model, as a share of the short side
    fixed_norms: bool = False  # photo: batch norm keeps its statistics in the decoder too (always in the encoder)
    cache: bool = False  # photo: keep a frozen encoder's features on disk, for training on a CPU
    cache_folder: str = ""  # where; "" = RUN/cache (265 KB a view at 160 px)
    views: int = 2  # photo: random crops of each picture in the cache
    hints: bool = False  # photo: two ab planes and a mask as further inputs; without a hint it is automatic


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    pixel: Literal["l1", "l2", "huber"] = "l1"  # distance of the predicted ab/128 (or ab/110) from the truth
    pixel_weight: float = 100.0  # lambda of pix2pix
    adversarial: Literal["none", "vanilla", "lsgan", "hinge"] = "none"
    adversarial_weight: float = 1.0
    cycle_weight: float = 10.0  # cyclegan: there and back again
    identity_weight: float = 0.5  # cyclegan: a picture of the target domain stays as it is; times cycle_weight
    bins: Literal["used", "gamut"] = "used"  # ab bins: those the training pictures use, or the 313 of sRGB's gamut
    bin_share: float = 1e-6  # "used": share of the pixels that a bin needs
    rebalance: float = 0.5  # lambda: how much of the uniform distribution is mixed into the prior of the bins
    sigma: float = 5.0  # ab units: width of the soft targets
    neighbours: int = 5  # bins that share one soft target
    distribution_weight: float = 1.0
    perceptual_weight: float = 0.0
    semantic_weight: float = 0.0  # photo: distance of what the critic's eyes recognise in the picture as a whole
    huber_weight: float = 0.0
    critic_weights: str = ""  # photo: a local file of EfficientNet-lite0's ImageNet weights, instead of the hub
    critic_crop: int = 0  # photo: side of the square that the critic looks at, a multiple of 32; 0 = all
    detail_share: float = 0.0  # photo: share of the paintings that the critic sees with the truth's broad tints


@dataclass(frozen=True, kw_only=True)
class OptimiserConfig:
    name: Literal["adam", "adamw", "sgd"] = "adam"
    rate: float = 2e-4  # learning rate; the highest one, when it follows a schedule
    discriminator_rate: float = 0.0  # 0 = the same
    betas: tuple[float, float] = (0.5, 0.999)  # sgd takes the first as its momentum
    weight_decay: float = 0.0
    schedule: Literal["constant", "cosine", "linear-decay", "one-cycle", "step"] = "constant"
    warmup: float = 0.0  # share of the steps in which the rate rises from 0
    clip: float = 0.0  # largest norm of the gradient; 0 = as it comes
    encoder_share: float = 0.15  # photo: rate of an encoder that isn't frozen, as a share of the decoder's
    refine_rate: float = 2e-4  # photo: rate of the stages after the first


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    epochs: int = 10
    pretrain_epochs: int = 0  # before those: the generator alone, on the pixel loss
    batch: int = 16  # pictures a step, over all devices together
    accumulate: int = 1  # batches whose gradients are added before a step of the optimiser
    precision: Precision = "auto"  # auto: bf16 where the GPU has it, else 32
    ema: float = 0.0  # decay of the moving average of the weights, e.g. 0.999; 0 = none
    early_stopping: int = 0  # stop after this many epochs without improvement; 0 = never
    minutes: float = 0.0  # stop after this time, the schedule of photo follows the clock; 0 = by epochs or steps
    stages: tuple[float, float, float] = (1.0, 0.0, 0.0)  # photo: shares of the run with the distribution loss alone;
    # with perceptual and Huber losses too; with an adversarial loss as well
    hints_share: float = 0.0  # photo with hints: share of the run, at its end, in which nothing but they is learned
    monitor: str = "val/loss"  # the value, less being better, that chooses best.ckpt; "" = the last epoch is the best
    checkpoint_minutes: float = 5.0  # between writes of last.ckpt
    seed: int = 0
    preview: int = 8  # validation pictures on the sheet of each epoch; 0 = no sheet


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    flip: bool = True  # mirror half of the pictures
    rotate: float = 0.0  # up to this many degrees either way
    brightness: float = 0.0  # up to this share darker or lighter
    contrast: float = 0.0  # up to this share flatter or harder
    scale: float = 0.0  # up to this share smaller or larger
    aged: float = 0.0  # share of the inputs aged like old photographs; the colours to learn stay clean
    plain: float = 0.0  # share of the pictures cut out and set before an even white, grey or black


@dataclass(frozen=True, kw_only=True)
class StabiliseConfig:
    spectral_norm: bool = False  # of the discriminator's convolutions
    minibatch: Literal["none", "discrimination", "stddev"] = "none"  # what shows the discriminator the whole batch
    label_smoothing: float = 0.0  # real is 1 minus this
    r1: float = 0.0  # weight (gamma) of the penalty on the discriminator's gradient at real pictures
    r1_every: int = 16  # steps between penalties


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One training run. `name` is the file's stem; `title` says in a line what it reproduces."""

    name: str = "recipe"
    title: str = ""
    method: MethodName = "regression"
    data: DataConfig = field(default_factory=DataConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    stabilise: StabiliseConfig = field(default_factory=StabiliseConfig)

    def __post_init__(self) -> None:
        for key, least, below in _RANGES:
            section, _, name = key.partition(".")
            value = getattr(getattr(self, section), name)
            if not (least <= value and (below is None or value < below)):
                wanted = f"at least {least}" if below is None else f"at least {least} and under {below}"
                raise UsageError(f"{key} = {value} can't be used: give a number of {wanted}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """A recipe from plain nested values, as in TOML. Raises UsageError for what isn't known."""
        return build(cls, values)

    def to_dict(self) -> dict[str, Any]:
        """Plain nested values: what a checkpoint keeps."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    def to_toml(self) -> str:
        """Every key with its value; load_recipe reads it back."""
        tables: list[str] = []
        for name, value in self.to_dict().items():
            if isinstance(value, dict):
                tables += ["", f"[{name}]", *(f"{key} = {json.dumps(v)}" for key, v in value.items())]
            else:
                tables.append(f"{name} = {json.dumps(value)}")
        return "\n".join(tables) + "\n"

    @property
    def sha256(self) -> str:
        """Of `to_toml()`: what an exported model says it was trained by."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()


# key, least, and what it has to stay under
_RANGES: tuple[tuple[str, float, float | None], ...] = (
    ("data.size", 8, None),
    ("data.zoom", 1, None),
    ("data.validation", 0, 1),
    ("data.limit", 0, None),
    ("data.workers", 0, None),
    ("network.width", 1, None),
    ("network.levels", 1, None),
    ("network.blocks", 0, None),
    ("network.dropout", 0, 1),
    ("network.gain", 0.1, 3),
    ("network.smoothing", 0, 1),
    ("network.half_vote", 0.01, 100),
    ("network.temperature", 0.01, None),
    ("network.views", 1, None),
    ("loss.neighbours", 1, None),
    ("loss.sigma", 0.01, None),
    ("loss.bin_share", 0, 1),
    ("loss.critic_crop", 0, None),
    ("loss.detail_share", 0, 1),
    ("optimiser.rate", 0, None),
    ("optimiser.warmup", 0, 1),
    ("optimiser.clip", 0, None),
    ("optimiser.encoder_share", 0, None),
    ("optimiser.refine_rate", 0, None),
    ("train.epochs", 0, None),
    ("train.pretrain_epochs", 0, None),
    ("train.batch", 1, None),
    ("train.accumulate", 1, None),
    ("train.ema", 0, 1),
    ("train.early_stopping", 0, None),
    ("train.minutes", 0, None),
    ("train.checkpoint_minutes", 0, None),
    ("train.hints_share", 0, 1.001),
    ("train.preview", 0, None),
    ("augment.aged", 0, 1.001),
    ("augment.plain", 0, 1.001),
    ("stabilise.r1_every", 1, None),
)


def recipe_names() -> list[str]:
    """The recipes that ship with the package."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def load_recipe(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """A recipe that ships with the package, or the .toml file at a path; `overrides` are "section.key=value".

    Raises UsageError for a recipe, key or value that isn't known, naming the nearest.
    """
    path = _find(str(name_or_path), Path())
    values = _read(path)
    for override in overrides:
        _apply(values, override)
    return Recipe.from_dict({"name": path.stem, **values})


def _find(text: str, beside: Path) -> Path:
    """The file of a recipe that ships with the package, or of one's own in the folder `beside`."""
    path = beside / text if text.endswith(".toml") else RECIPES / f"{text}.toml"
    if path.is_file():
        return path
    if text.endswith(".toml"):
        raise UsageError(f"there is no recipe file {path}: check the path")
    hint = nearest(text, recipe_names()) or "name one's own as a path that ends in .toml"
    raise UsageError(f"there is no recipe {text!r}: {hint}")


def _read(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """What a file says, over what its base says. above: the recipes that build on it."""
    if path.resolve() in above:
        raise UsageError(f"{path} is its own base, by way of {', '.join(p.name for p in above)}: take out one base")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error
    base = values.pop("base", None)
    if base is None:
        return values
    if not isinstance(base, str):
        raise UsageError(f"base = {base!r} in {path} can't be used: name a recipe")
    merged = _read(_find(base, path.parent), (*above, path.resolve()))
    merged.pop("name", None)  # a recipe is called what its own file is
    for key, value in values.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = {**merged[key], **value} if both else value
    return merged


def _apply(values: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    section, _, name = key.strip().rpartition(".")
    if not equals or not name:
        raise UsageError(f"--set {override!r} can't be read: write it as section.key=value, as in train.batch=8")
    try:
        parsed = tomllib.loads(f"x = {value.strip()}")["x"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()  # a bare word is text
    (values.setdefault(section, {}) if section else values)[name] = parsed
