"""The ways to train, each on a batch or two of drawn pictures; needs the train extra."""

import dataclasses
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from photochrom.errors import UsageError
from photochrom.train.augment.geometry import augmentation
from photochrom.train.lab import rgb_to_lab
from photochrom.train.losses.bins import Bins, gamut_bins
from photochrom.train.methods import ColorMethod, build_method, load_method
from photochrom.train.methods.cyclegan import Pool
from photochrom.train.methods.schedule import factor
from photochrom.train.methods.scores import Diversity, scores
from photochrom.train.networks.cyclegan import ResNetGenerator
from photochrom.train.recipe.sections import AugmentConfig, Recipe

SIZE = 32
KNOWN = (".*LeafSpec.*", ".*does not have many workers.*", ".*smaller than the logging interval.*")  # Lightning's
METHODS: dict[str, dict[str, Any]] = {
    "regression": {"network": {"kind": "cifar-cnn", "width": 4}},
    "distribution": {"network": {"kind": "eccv16", "width": 4}},
    "cgan": {"network": {"kind": "unet", "levels": 3, "width": 4}, "loss": {"adversarial": "vanilla"}},
    "cyclegan": {"network": {"kind": "cyclegan", "width": 4, "blocks": 1}, "loss": {"adversarial": "lsgan"}},
}


def recipe_of(method: str, **sections: dict[str, Any]) -> Recipe:
    values: dict[str, Any] = {"data": {"size": SIZE}, "train": {"batch": 4, "epochs": 2}, "optimiser": {"rate": 2e-3}}
    for part in (METHODS[method], sections):
        for name, keys in part.items():
            values[name] = values.get(name, {}) | keys
    return Recipe.from_dict({"name": "tiny", "method": method, **values})


def bins() -> Bins:
    return gamut_bins(np.random.default_rng(0).uniform(-40, 40, (1000, 2)).astype(np.float32))


def made(method: str, **sections: dict[str, Any]) -> ColorMethod:
    torch.manual_seed(0)
    return build_method(recipe_of(method, **sections), bins() if method == "distribution" else None)


def pictures(count: int = 8, seed: int = 0) -> list[dict[str, Any]]:
    draw = torch.Generator().manual_seed(seed)
    small = torch.rand(count, 3, 3, 3, generator=draw) * 255
    large = torch.nn.functional.interpolate(small, SIZE, mode="bilinear")
    return [{"rgb": picture} for picture in large.to(torch.uint8)]


def fit(method: ColorMethod, folder: Path, *, steps: int = -1, items: list[dict[str, Any]] | None = None) -> Any:
    items = pictures() if items is None else items
    trainer = lightning.Trainer(
        max_epochs=method.recipe.train.epochs + method.recipe.train.pretrain_epochs,
        max_steps=steps,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=folder,
    )
    with warnings.catch_warnings():
        for message in KNOWN:
            warnings.filterwarnings("ignore", message)
        trainer.fit(method, DataLoader(items, batch_size=4), DataLoader(items, batch_size=4))
    return trainer


@pytest.mark.parametrize("name", METHODS)
def test_a_method_learns_measures_and_is_loaded_again(name: str, tmp_path: Path) -> None:
    method = made(name)
    before = {key: value.clone() for key, value in method.state_dict().items()}
    trainer = fit(method, tmp_path)
    assert trainer.global_step == 4, "one step a batch, GAN or not"
    logged = {key: float(value) for key, value in trainer.callback_metrics.items()}
    wanted = ("loss", "ab_error", "accuracy", "accuracy_area", "colorfulness", "colorfulness_truth", "diversity")
    assert all(np.isfinite(logged[f"val/{key}"]) for key in (*wanted, "diversity_truth", "ab_mse", "ab_mse_grey"))
    assert all(np.isfinite(value) for value in logged.values())
    if name in ("cgan", "cyclegan"):
        for key in ("generator", "discriminator_real", "discriminator_fake"):
            assert {f"train/{key}_step", f"train/{key}_epoch"} <= logged.keys()
    changed = {key.split(".")[0] for key, value in method.state_dict().items() if not torch.equal(value, before[key])}
    assert changed >= {"cgan": {"network", "discriminator"}, "cyclegan": {"to_grey", "discriminators"}}.get(
        name, {"network"}
    )

    path = tmp_path / "last.ckpt"
    trainer.save_checkpoint(path)
    back = load_method(path)
    lightness = torch.rand(2, 1, SIZE, SIZE) * 100
    with torch.no_grad():
        ab = method.eval().predict_ab(lightness)
        torch.testing.assert_close(back.predict_ab(lightness), ab)
    assert ab.shape == (2, 2, SIZE, SIZE) and ab.abs().max() < 130
    assert back.recipe == method.recipe and (back.bins is None) == (name != "distribution")


@pytest.mark.parametrize("name", ["regression", "distribution", "cgan"])
def test_a_method_can_learn_one_picture_by_heart(name: str, tmp_path: Path) -> None:
    sections = {"train": {"epochs": 40}, "augment": {"flip": False}, "optimiser": {"rate": 5e-3, "betas": [0.9, 0.99]}}
    method = made(name, **sections)
    trainer = fit(method, tmp_path, items=pictures(1) * 4)
    logged = trainer.callback_metrics
    assert logged["val/ab_mse"] < 0.7 * logged["val/ab_mse_grey"]


def test_the_generator_of_a_gan_learns_alone_at_first(tmp_path: Path) -> None:
    method = made("cgan", train={"epochs": 0, "pretrain_epochs": 1})
    before = [weight.clone() for weight in method.discriminator.parameters()]
    logged = fit(method, tmp_path).callback_metrics
    assert all(torch.equal(a, b) for a, b in zip(before, method.discriminator.parameters(), strict=True))
    assert "train/pixel_step" in logged and "train/generator_step" not in logged


@pytest.mark.parametrize("name", ["cgan", "cyclegan"])
@pytest.mark.parametrize("kind", ["vanilla", "lsgan", "hinge"])
def test_all_stabilisers_at_once(name: str, kind: str, tmp_path: Path) -> None:
    switches = {"spectral_norm": True, "minibatch": "stddev", "label_smoothing": 0.1, "r1": 1.0, "r1_every": 2}
    method = made(
        name, stabilise=switches, loss={"adversarial": kind}, optimiser={"discriminator_rate": 4e-3, "clip": 1.0}
    )
    logged = fit(method, tmp_path, steps=2).callback_metrics
    assert all(torch.isfinite(value) for value in logged.values())
    assert "train/r1_epoch" in logged
    rates = [group["lr"] for optimiser in method.trainer.optimizers for group in optimiser.param_groups]
    assert rates == [2e-3, 4e-3]


def test_the_other_domain_comes_from_its_own_pictures(tmp_path: Path) -> None:
    items = [{**item, "other": 255 - item["rgb"]} for item in pictures(4)]
    method = made("cyclegan", train={"epochs": 1})
    seen = []
    method.to_color.register_forward_hook(lambda module, args, out: seen.append(args[0]))
    fit(method, tmp_path, items=items)
    assert seen[0].shape == (4, 3, SIZE, SIZE)
    assert seen[0][:, 1:].abs().max() == 0, "the grey domain has no colour"
    assert all(len(pool.pictures) == 4 for pool in method.pools.values())


@pytest.mark.parametrize(("kind", "channels"), [("intensity", 1), ("color", 3)])
def test_the_other_domain_may_be_of_any_kind(kind: str, channels: int, tmp_path: Path) -> None:
    items = [{**item, "other": 255 - item["rgb"]} for item in pictures(4)]
    data = {"size": SIZE, "other": "x", "other_kind": kind}
    method = made("cyclegan", train={"epochs": 1}, data=data, augment={"flip": False})
    seen: list[torch.Tensor] = []
    method.to_color.register_forward_hook(lambda module, args, out: seen.append(args[0]))
    logged = fit(method, tmp_path, items=items).callback_metrics
    other = rgb_to_lab(torch.stack([item["other"] for item in items]) / 255)
    torch.testing.assert_close(seen[0][:, :1], other[:, :1] / 50 - 1)
    torch.testing.assert_close(seen[0][:, 1:], other[:, 1:] / 110 * (kind == "color"))
    assert {"val/loss", "val/colorfulness", "val/diversity"} <= logged.keys()
    assert "val/ab_error" not in logged, "there is no truth for pictures of the other domain"

    network, spec = method.exportable()
    assert spec.output == "lab" and spec.inputs == (("lab",) if kind == "color" else ("intensity",))
    with torch.no_grad():
        out = network(other[:, :channels])
    assert out.shape == (4, 3, SIZE, SIZE) and out[:, :1].min() >= 0 and out[:, :1].max() <= 100


@pytest.mark.parametrize(("kind", "colors"), [("lightness", False), ("intensity", False), ("color", True)])
def test_what_goes_to_the_other_domain_has_only_what_that_has(kind: str, colors: bool) -> None:
    """Else the way there would hide colours, and the way back need not learn any."""
    method = made("cyclegan", data={"size": SIZE, "other": "x", "other_kind": kind})
    with torch.no_grad():
        picture = torch.rand(2, 3, SIZE, SIZE) * 2 - 1
        assert bool(method.to_grey(picture)[:, 1:].any()) == colors
        assert method.to_color(picture)[:, 1:].any()


def test_a_generator_with_a_skip_begins_as_the_identity() -> None:
    picture = torch.rand(1, 3, 16, 16) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(ResNetGenerator(4, 1, skip=True)(picture), picture)


def test_the_sheet_shows_the_pictures_of_the_other_domain(tmp_path: Path) -> None:
    method = made("cyclegan", data={"size": SIZE, "other": "x", "other_kind": "intensity"}).eval()
    other = torch.rand(2, 1, SIZE, SIZE) * 100
    ab = torch.zeros(2, 2, SIZE, SIZE)
    batch = {
        "lightness": other / 2,
        "true_lightness": other / 2,
        "ab": ab + 9,
        "other_lightness": other,
        "other_ab": ab,
    }
    with torch.no_grad():
        shown = method.preview(batch)
    assert list(shown)[:2] == ["other", "to colour"] and list(shown)[3:5] == ["colour", "to other"]
    torch.testing.assert_close(shown["other"][:, :1], other)
    torch.testing.assert_close(shown["colour"], torch.cat([other / 2, ab + 9], 1))
    assert list(made("cyclegan").eval().preview(batch))[:3] == ["grey", "ours", "truth"]


def test_a_resumed_cyclegan_has_its_pool(tmp_path: Path) -> None:
    method = made("cyclegan", train={"epochs": 1})
    trainer = fit(method, tmp_path)
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    saved, fresh = torch.load(tmp_path / "last.ckpt", weights_only=True), made("cyclegan")
    fresh.on_load_checkpoint(saved)
    for name, pool in method.pools.items():
        assert len(pool.pictures) == 8
        assert all(torch.equal(a, b) for a, b in zip(pool.pictures, fresh.pools[name].pictures, strict=True))


def test_a_checkpoint_with_the_old_names_of_the_discriminators_is_read() -> None:
    trained, fresh = made("cyclegan"), made("cyclegan", train={"epochs": 1})
    with torch.no_grad():
        for weight in trained.discriminators.parameters():
            weight.fill_(1.0)
    state = trained.state_dict()
    fresh.load_state_dict({name.replace("discriminators.", "judges."): value for name, value in state.items()})
    torch.testing.assert_close(dict(fresh.state_dict()), dict(state))


def test_the_pool_gives_old_pictures_and_keeps_new_ones() -> None:
    torch.manual_seed(0)
    pool = Pool(size=4)
    first = torch.zeros(4, 1, 1, 1)
    assert torch.equal(pool.exchange(first), first)
    shown = pool.exchange(torch.ones(40, 1, 1, 1))
    assert 0 < (shown == 0).sum() <= 4 and len(pool.pictures) == 4
    assert any(picture.item() == 1 for picture in pool.pictures)


def test_chance_depends_on_the_step_alone(tmp_path: Path) -> None:
    """What a run draws in its third step doesn't depend on what it drew before: so it can be resumed."""
    seen: list[list[torch.Tensor]] = []
    for before in (0, 1):
        method = made(
            "regression", augment={"aged": 0.7, "rotate": 10.0, "brightness": 0.2, "contrast": 0.2, "scale": 0.1}
        )
        batches: list[torch.Tensor] = []
        method.network.register_forward_pre_hook(lambda module, args, into=batches: into.append(args[0].clone()))
        torch.manual_seed(before)
        fit(method, tmp_path, steps=2)
        seen.append(batches)
    assert all(torch.equal(a, b) for a, b in zip(*seen, strict=True))
    assert not torch.equal(seen[0][0], seen[0][1])


def test_only_the_input_is_aged(tmp_path: Path) -> None:
    method = made("regression", augment={"aged": 1.0, "flip": False}, train={"epochs": 1})
    seen: list[dict[str, Any]] = []
    step: Callable[..., Any] = method.training_step

    def noted(batch: dict[str, Any], batch_idx: int) -> Any:
        seen.append(batch)
        return step(batch, batch_idx)

    method.training_step = noted  # type: ignore[method-assign]
    fit(method, tmp_path, steps=1)
    lab = rgb_to_lab(torch.stack([item["rgb"] for item in pictures()[:4]]) / 255)
    torch.testing.assert_close(seen[0]["ab"], lab[:, 1:])
    torch.testing.assert_close(seen[0]["true_lightness"], lab[:, :1])
    assert (seen[0]["lightness"] - lab[:, :1]).abs().mean() > 1
    assert seen[0]["lightness"].min() >= 0 and seen[0]["lightness"].max() <= 100.1


def test_augmentation_is_what_was_asked_for() -> None:
    assert len(augmentation(AugmentConfig(flip=False))) == 0
    torch.manual_seed(0)
    picture = torch.rand(64, 3, 8, 8)
    flipped = augmentation(AugmentConfig())(picture)
    mirrored = [torch.equal(a, b.flip(2)) for a, b in zip(flipped, picture, strict=True)]
    assert 16 < sum(mirrored) < 48
    assert all(m or torch.equal(a, b) for m, a, b in zip(mirrored, flipped, picture, strict=True))
    grey = torch.full((64, 3, 8, 8), 0.5)
    light = augmentation(AugmentConfig(flip=False, brightness=0.2))(grey).mean((1, 2, 3))
    assert 0.38 < light.min() < 0.45 and 0.55 < light.max() < 0.62
    turned = augmentation(AugmentConfig(flip=False, rotate=20.0))(torch.ones(4, 3, 16, 16))
    torch.testing.assert_close(turned, torch.ones(4, 3, 16, 16))  # no black corners


def test_schedules() -> None:
    assert [factor("constant", x) for x in (0, 0.5, 1)] == [1, 1, 1]
    assert [factor("cosine", x) for x in (0, 0.5, 1)] == pytest.approx([1, 0.5, 0])
    assert [factor("linear-decay", x) for x in (0, 0.5, 0.75, 1)] == pytest.approx([1, 1, 0.5, 0])
    assert [factor("one-cycle", x) for x in (0, 0.3, 1)] == pytest.approx([0.04, 1, 0], abs=1e-6)
    assert [factor("step", x) for x in (0, 0.5, 0.9)] == pytest.approx([1, 0.316, 0.1], abs=1e-3)
    assert [factor("cosine", x, 0.1) for x in (0, 0.05, 0.1)] == pytest.approx([0, 0.5, 1])


def test_scores_of_known_colours() -> None:
    truth, light = torch.zeros(1, 2, 1, 2), torch.full((1, 1, 1, 2), 50.0)
    truth[0, 0, 0, 0] = 30
    found = {key: value.item() for key, value in scores(torch.zeros_like(truth), truth, light).items()}
    assert found["ab_error"] == pytest.approx(15)
    assert found["accuracy"] == 0.5
    assert found["accuracy_area"] == pytest.approx(0.9)
    assert found["ab_mse"] == found["ab_mse_grey"] == pytest.approx((30 / 128) ** 2 / 4)
    assert found["colorfulness"] < 0.1 < 5 < found["colorfulness_truth"]


def test_diversity_is_the_spread_of_the_mean_colours() -> None:
    spread = Diversity()
    spread.update(torch.full((2, 2, 4, 4), 20.0))
    assert spread.compute().item() == pytest.approx(0, abs=1e-2)
    spread.update(torch.full((2, 2, 4, 4), -20.0))
    assert spread.compute().item() == pytest.approx(20 * 2**0.5)


@pytest.mark.parametrize(
    ("method", "sections", "message"),
    [
        ("regression", {"data": {"size": 36}}, "multiple of 8"),
        ("cgan", {"network": {"levels": 6}}, "lower network.levels"),
        ("cgan", {"loss": {"adversarial": "none"}}, "vanilla, lsgan or hinge"),
        ("cgan", {"train": {"accumulate": 2}}, "train.accumulate"),
        ("cyclegan", {"network": {"kind": "unet"}}, "network.kind = cyclegan"),
        ("distribution", {"network": {"kind": "unet"}}, "choose eccv16"),
    ],
)
def test_what_does_not_go_together_is_refused(method: str, sections: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        made(method, **sections)


def test_a_distribution_needs_bins_and_a_run_needs_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="photochrom bins"):
        build_method(recipe_of("distribution"))
    with pytest.raises(UsageError, match="no checkpoint in"):
        load_method(tmp_path)
    (tmp_path / "x.ckpt").write_bytes(b"nothing")
    with pytest.raises(UsageError, match="no checkpoint of photochrom"):
        load_method(tmp_path / "x.ckpt")


def test_the_best_checkpoint_of_a_run_comes_first(tmp_path: Path) -> None:
    method = made("regression")
    trainer = fit(method, tmp_path, steps=1)
    for name, level in (("last", 1.0), ("best", 2.0)):
        torch.nn.init.constant_(method.network.decoder[-2].bias, level)
        trainer.save_checkpoint(tmp_path / "checkpoints" / f"{name}.ckpt")
    assert load_method(tmp_path).network.decoder[-2].bias[0] == 2
    assert dataclasses.asdict(load_method(tmp_path / "checkpoints" / "last.ckpt").recipe)["method"] == "regression"
