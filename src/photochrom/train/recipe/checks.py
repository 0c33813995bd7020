"""What of a recipe goes together: settings that would do nothing are refused before a run begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from photochrom.domains.table import find_domain
from photochrom.errors import UsageError
from photochrom.train.recipe.sections import Recipe

# Which networks each method trains.
KINDS: Mapping[str, tuple[str, ...]] = {
    "regression": ("cifar-cnn", "unet", "unet-timm", "resnet50-frozen"),
    "cgan": ("cifar-cnn", "unet", "unet-timm", "resnet50-frozen"),
    "distribution": ("eccv16",),
    "cyclegan": ("cyclegan",),
    "photo": ("photo",),
    "paired": ("photo",),
}

_PHOTO = frozenset({"photo"})
_PAIRED = frozenset({"paired"})
_STAGED = _PHOTO | _PAIRED
_GANS = frozenset({"cgan", "cyclegan"})
_BINNED = frozenset({"distribution", "photo"})
_ENCODERS = frozenset({"unet-timm", "resnet50-frozen", "photo"})

# Keys that only some methods take notice of, and those that only some networks do; all others are for every one.
METHODS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("data.other", "data.other_kind"), frozenset({"cyclegan"})),
    "loss.pixel": frozenset({"regression", "cgan", "paired"}),
    "loss.pixel_weight": frozenset({"cgan", "paired"}),
    "loss.chroma_weight": _PAIRED,
    **dict.fromkeys(("loss.adversarial", "loss.adversarial_weight"), _GANS | _STAGED),
    **dict.fromkeys(("loss.cycle_weight", "loss.identity_weight"), frozenset({"cyclegan"})),
    **dict.fromkeys(
        ("loss.bins", "loss.bin_share", "loss.rebalance", "loss.sigma", "loss.neighbours", "network.temperature"),
        _BINNED,
    ),
    **dict.fromkeys(
        (
            "loss.distribution_weight",
            "loss.huber_weight",
            "loss.critic_crop",
            "loss.detail_share",
            "loss.teacher",
            "loss.teacher_weight",
            "train.hints_share",
        ),
        _PHOTO,
    ),
    **dict.fromkeys(
        (
            "loss.perceptual_weight",
            "loss.semantic_weight",
            "loss.critic_weights",
            "optimiser.encoder_share",
            "optimiser.refine_rate",
            "train.stages",
        ),
        _STAGED,
    ),
    "optimiser.discriminator_rate": _GANS | _STAGED,
    "train.pretrain_epochs": frozenset({"cgan"}),
    **dict.fromkeys(
        (
            "stabilise.spectral_norm",
            "stabilise.minibatch",
            "stabilise.label_smoothing",
            "stabilise.r1",
            "stabilise.r1_every",
        ),
        _GANS,
    ),
}
NETWORKS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("network.encoder", "network.pretrained", "network.weights"), _ENCODERS),
    "network.caffe_strides": frozenset({"unet-timm", "resnet50-frozen"}),
    "network.levels": frozenset({"unet"}),
    **dict.fromkeys(("network.blocks", "network.skip"), frozenset({"cyclegan"})),
    "network.dropout": frozenset({"cifar-cnn", "unet", "unet-timm", "resnet50-frozen", "cyclegan", "photo"}),
    **dict.fromkeys(
        (
            "network.decoder_widths",
            "network.frozen",
            "network.work_size",
            "network.two_scales",
            "network.half_vote",
            "network.larger_scale",
            "network.gain",
            "network.smoothing",
            "network.fixed_norms",
            "network.cache",
            "network.cache_folder",
            "network.views",
            "network.hints",
        ),
        _PHOTO,
    ),
}

_OF_STAGES = ("optimiser.schedule", "optimiser.warmup")

# Keys that need another one: what that is, in words, and whether it is so.
_NEEDS: Mapping[str, tuple[str, Callable[[Recipe], bool]]] = {
    **dict.fromkeys(
        ("augment.intensity", "data.input"),
        ("a domain whose brightness is not lightness", lambda r: not find_domain(r.domain).keeps_lightness),
    ),
    "network.cache_folder": ("network.cache = true", lambda r: r.network.cache),
    "loss.teacher_weight": ("loss.teacher, a model to learn from", lambda r: bool(r.loss.teacher)),
    "stabilise.r1_every": ("stabilise.r1 over 0", lambda r: r.stabilise.r1 > 0),
    **dict.fromkeys(
        ("augment.rotate", "augment.scale", "augment.brightness", "augment.contrast"),
        ("network.cache = false, as cached pictures aren't changed again", lambda r: not r.network.cache),
    ),
}


def check_kind(recipe: Recipe) -> None:
    """See that the method can train the network. Raises UsageError."""
    kinds = KINDS.get(recipe.method)
    if kinds and recipe.network.kind not in kinds:
        others = [name for name, these in KINDS.items() if recipe.network.kind in these]
        raise UsageError(
            f"method = {recipe.method} can't train network.kind = {recipe.network.kind}: set network.kind to "
            f"{_any_of(kinds)}" + (f", or method to {_any_of(others)}" if others else "")
        )


def check_effects(recipe: Recipe, stated: Iterable[str]) -> None:
    """See that every setting somebody made does something. Raises UsageError.

    stated: their keys, "section.key". What a recipe says for its own network may do nothing once another is chosen.
    """
    check_kind(recipe)
    method, kind = recipe.method, recipe.network.kind
    values, usual = recipe.flat(), Recipe().flat()
    for key in stated:
        value = values.get(key)
        if value == usual.get(key):
            continue
        without = ""
        if method not in METHODS.get(key, {method}):
            without = f"with method = {method}: leave it out, or train with {_any_of(sorted(METHODS[key]))}"
        elif kind not in NETWORKS.get(key, {kind}):
            without = f"on network.kind = {kind}: leave it out, or train {_any_of(sorted(NETWORKS[key]))}"
        elif key in _NEEDS and not _NEEDS[key][1](recipe):
            without = f"without {_NEEDS[key][0]}: set that, or leave it out"
        elif method in _STAGED and key in _OF_STAGES:
            without = f"with method = {method}, whose rate follows train.stages: leave it out"
        elif method in _STAGED and key == "loss.adversarial" and value != "hinge":
            without = f"with method = {method}, whose critic has a hinge loss: set loss.adversarial_weight alone"
        if without:
            raise UsageError(f"{key} = {_shown(value)} has no effect {without}")


def _any_of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
