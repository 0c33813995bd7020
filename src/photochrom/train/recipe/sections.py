"""The sections of a recipe and their keys, each with its default, its bounds, and what it means."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from photochrom.train.recipe.values import Bounds, build, check_bounds

MethodName: TypeAlias = Literal["regression", "distribution", "cgan", "cyclegan", "photo", "paired"]
NetworkKind: TypeAlias = Literal["cifar-cnn", "unet", "unet-timm", "resnet50-frozen", "eccv16", "cyclegan", "photo"]
PixelLoss: TypeAlias = Literal["l1", "l2", "huber"]
Adversarial: TypeAlias = Literal["none", "vanilla", "lsgan", "hinge"]
Schedule: TypeAlias = Literal["constant", "cosine", "linear-decay", "one-cycle", "step"]
OtherKind: TypeAlias = Literal["lightness", "intensity", "color"]
Precision: TypeAlias = Literal["auto", "32", "bf16"]

Count: TypeAlias = Annotated[int, Bounds(0)]
Positive: TypeAlias = Annotated[int, Bounds(1)]
Amount: TypeAlias = Annotated[float, Bounds(0)]
AtLeastOne: TypeAlias = Annotated[float, Bounds(1)]
Share: TypeAlias = Annotated[float, Bounds(0, most=1)]
ShareBelowOne: TypeAlias = Annotated[float, Bounds(0, below=1)]


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Which pictures, and what squares are cut from them."""

    size: Annotated[int, Bounds(8)] = 256  # side in pixels of the squares that are trained on
    crop: Literal["random", "centre"] = "random"  # which square of a training picture (validation: always the centre)
    zoom: AtLeastOne = 1.25  # a random crop is cut from the picture at a short side of size..size*zoom
    # which pictures are kept for validation: a share, chosen by the hash of each file's bytes, so that adding pictures
    # moves none; "exact": a fifth, to the picture; "8000/2000": so many to train on and so many for validation; or a
    # text file with the names of those for validation, one a line
    validation: ShareBelowOne | str = 0.2
    limit: Count = 0  # use this many pictures, chosen by hash; 0 = all
    min_colorfulness: Amount = 0.0  # leave out training pictures less colourful than this (Hasler-Suesstrunk)
    workers: Count = 2  # processes that decode
    resident: Literal["auto", "yes", "no"] = "auto"  # decode once and keep the squares as uint8 in memory
    resident_gib: Amount = 4.0  # on a CPU, "auto" keeps at most this much; on a GPU, half of its free memory
    # the word of the inputs in the names of pairs, as in "ir" of KEY.rgb.png and KEY.ir.png; "" = the only one
    input: str = ""
    other: str = ""  # cyclegan: folder or shard of the second, unpaired domain; "" = the same pictures, without colour
    # cyclegan: what a picture of data.other says: the lightness of a scene alone (black-and-white photographs), an
    # intensity that is no lightness (infrared, drawings), or colours
    other_kind: OtherKind = "lightness"


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """What is trained; of several keys, only one kind of network takes notice."""

    kind: NetworkKind = "unet"  # which network; a method takes some of them
    encoder: str = "resnet18"  # name of the timm encoder
    pretrained: bool = True  # begin with the encoder's ImageNet weights
    weights: str = ""  # a local file of those weights, instead of the hub
    caffe_strides: bool = False  # a ResNet halves in a block's 1x1 convolution, as weights of Caffe and Keras expect
    width: Positive = 64  # channels of the first level
    decoder_widths: tuple[Positive, Positive, Positive, Positive] = (
        72,
        96,
        128,
        192,
    )  # photo: channels at strides 4, 8, 16, 32
    levels: Positive = 8  # times the plain U-Net halves the picture
    blocks: Count = 9  # cyclegan: residual blocks of a generator
    skip: bool = False  # cyclegan: a generator adds what it learns to its input, and so begins as the identity
    dropout: ShareBelowOne = 0.0  # share of activations dropped, where the network has dropout
    temperature: Annotated[float, Bounds(0.01)] = 0.38  # of the annealed mean over the bins
    frozen: bool = False  # photo: leave the encoder as ImageNet made it
    work_size: Count = 0  # photo: short side the exported model works at; 0 = data.size
    two_scales: bool = False  # photo: the exported model averages its answers at full and at half size
    # photo: weight of the answer at half size; those at other sizes weigh 1
    half_vote: Annotated[float, Bounds(0.01, below=100)] = 1.0
    larger_scale: bool = False  # photo: and its answer at one and a half times the size
    # photo: the exported model multiplies its ab by this, as means are pale
    gain: Annotated[float, Bounds(0.1, below=3)] = 1.0
    # photo: over what distance the exported model averages where the lightness is even, as a share of the short side
    smoothing: ShareBelowOne = 0.0
    fixed_norms: bool = False  # photo: batch norm keeps its statistics in the decoder too (always in the encoder)
    cache: bool = False  # photo: keep a frozen encoder's features on disk, for training on a CPU
    cache_folder: str = ""  # where; "" = RUN/cache (265 KB a view at 160 px)
    views: Positive = 2  # photo: random crops of each picture in the cache
    hints: bool = False  # photo: two ab planes and a mask as further inputs; without a hint it is automatic


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """What is to become small."""

    pixel: PixelLoss = "l1"  # distance of the predicted ab/128 (or ab/110) from the truth
    pixel_weight: Amount = 100.0  # lambda of pix2pix
    adversarial: Adversarial = "none"  # of a GAN: cross entropy, least squares or hinge
    adversarial_weight: Amount = 1.0  # of the generator's part of it, beside the other losses
    cycle_weight: Amount = 10.0  # cyclegan: there and back again
    identity_weight: Amount = 0.5  # cyclegan: a picture of the target domain stays as it is; times cycle_weight
    bins: Literal["used", "gamut"] = "used"  # ab bins: those the training pictures use, or the 313 of sRGB's gamut
    bin_share: ShareBelowOne = 1e-6  # "used": share of the pixels that a bin needs
    rebalance: Share = 0.5  # lambda: how much of the uniform distribution is mixed into the prior of the bins
    sigma: Annotated[float, Bounds(0.01)] = 5.0  # ab units: width of the soft targets
    neighbours: Positive = 5  # bins that share one soft target
    distribution_weight: Amount = 1.0  # photo: of the distribution loss
    perceptual_weight: Amount = 0.0  # photo, paired: of the distance between features of an ImageNet network
    # paired: of the difference in how strong and how varied a picture's colours are; means of plausible ones are pale
    chroma_weight: Amount = 0.0
    semantic_weight: Amount = 0.0  # photo: distance between embeddings of the whole picture by the critic's backbone
    huber_weight: Amount = 0.0  # photo: of the Huber distance between ab
    critic_weights: str = ""  # photo: a local file of EfficientNet-lite0's ImageNet weights, instead of the hub
    critic_crop: Count = 0  # photo: side of the square that the critic looks at, a multiple of 32; 0 = all
    # photo: share of the coloured pictures that the critic is shown with the truth's mean colour of each broad region
    detail_share: ShareBelowOne = 0.0
    # photo: a model that ships, or an .onnx file, whose distributions, by all of its sizes, are to be learned
    teacher: str = ""
    teacher_weight: Amount = 1.0  # photo: of the divergence from the teacher's distributions


@dataclass(frozen=True, kw_only=True)
class OptimiserConfig:
    """How the weights are changed."""

    name: Literal["adam", "adamw", "sgd"] = "adam"  # which algorithm
    rate: Amount = 2e-4  # learning rate; the highest one, when it follows a schedule
    discriminator_rate: Amount = 0.0  # 0 = the same
    betas: tuple[ShareBelowOne, ShareBelowOne] = (0.5, 0.999)  # sgd takes the first as its momentum
    weight_decay: Amount = 0.0  # how fast weights that nothing holds shrink
    schedule: Schedule = "constant"  # how the rate changes over the run
    warmup: ShareBelowOne = 0.0  # share of the steps in which the rate rises from 0
    clip: Amount = 0.0  # largest norm of the gradient; 0 = as it comes
    encoder_share: Amount = 0.15  # photo: rate of an encoder that isn't frozen, as a share of the decoder's
    refine_rate: Amount = 2e-4  # photo: rate of the stages after the first


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How long, in which portions, and what is kept."""

    epochs: Count = 10  # rounds through the training pictures
    pretrain_epochs: Count = 0  # before those: the generator alone, on the pixel loss
    batch: Positive = 16  # pictures a step, over all devices together
    accumulate: Positive = 1  # batches whose gradients are added before a step of the optimiser
    precision: Precision = "auto"  # auto: bf16 where the GPU has it, else 32
    ema: ShareBelowOne = 0.0  # decay of the moving average of the weights, e.g. 0.999; 0 = none
    early_stopping: Count = 0  # stop after this many epochs without improvement; 0 = never
    minutes: Amount = (
        0.0  # stop after this time, which the schedules of photo and cyclegan follow; 0 = by epochs or steps
    )
    # photo: shares of the run with the distribution loss alone, with the perceptual and Huber losses too, and with the
    # adversarial loss as well
    stages: tuple[Amount, Amount, Amount] = (1.0, 0.0, 0.0)
    hints_share: Share = 0.0  # photo with hints: share of the run, at its end, in which only the hints' part learns
    # the logged value that chooses best.ckpt: of an accuracy the largest, of others the least; "" = the last epoch
    monitor: str = "val/loss"
    checkpoint_minutes: Amount = 5.0  # between writes of last.ckpt
    seed: int = 0  # of all chance: the same seed draws the same
    preview: Count = 8  # validation pictures on the sheet of each epoch; 0 = no sheet
    # of so many validation pictures val/fid is measured after each epoch, where its network is to be had; 0 = never
    fid: Count = 0
    # where the curves go besides metrics.csv and TensorBoard: Weights & Biases, or MLflow
    logger: Literal["none", "wandb", "mlflow"] = "none"


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    """By what training pictures differ from round to round."""

    flip: bool = True  # mirror half of the pictures
    rotate: Annotated[float, Bounds(0, most=180)] = 0.0  # up to this many degrees either way
    brightness: Share = 0.0  # up to this share darker or lighter
    contrast: Share = 0.0  # up to this share flatter or harder
    scale: ShareBelowOne = 0.0  # up to this share smaller or larger
    aged: Share = 0.0  # share of the inputs aged like old photographs; the colours to learn stay clean
    # share by which the input of a domain whose brightness is not lightness is made darker, lighter, flatter, harder,
    # curved and grainy
    intensity: Share = 0.0
    plain: Share = 0.0  # share of the pictures whose subject is cut out and put on an even white, grey or black


@dataclass(frozen=True, kw_only=True)
class StabiliseConfig:
    """What keeps a discriminator from winning."""

    spectral_norm: bool = False  # of the discriminator's convolutions
    minibatch: Literal["none", "discrimination", "stddev"] = "none"  # what shows the discriminator the whole batch
    label_smoothing: Annotated[float, Bounds(0, below=0.5)] = 0.0  # real is 1 minus this
    r1: Amount = 0.0  # weight (gamma) of the penalty on the discriminator's gradient at real pictures
    r1_every: Positive = 16  # steps between penalties


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One training run. `name` is the file's stem; `title` says in a line what it reproduces.

    `sha256` is of every key in this order: to move, rename or add one changes it for all recipes.
    """

    name: str = "recipe"
    title: str = ""
    method: MethodName = "regression"
    domain: str = "photo"  # the kind of pictures that it colours, a row of photochrom.domains
    data: DataConfig = field(default_factory=DataConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    stabilise: StabiliseConfig = field(default_factory=StabiliseConfig)

    def __post_init__(self) -> None:
        for section in dataclasses.fields(self):
            value = getattr(self, section.name)
            if dataclasses.is_dataclass(value):
                check_bounds(value, f"{section.name}.")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """A recipe from plain nested values, as in TOML. Raises UsageError for what isn't known."""
        return build(cls, values)

    def to_dict(self) -> dict[str, Any]:
        """Plain nested values: what a checkpoint keeps."""
        values: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return values

    def flat(self) -> dict[str, Any]:
        """The same under dotted names, as in "train.batch"."""
        settings: dict[str, Any] = {}
        for name, value in self.to_dict().items():
            settings |= {f"{name}.{key}": v for key, v in value.items()} if isinstance(value, dict) else {name: value}
        return settings

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
