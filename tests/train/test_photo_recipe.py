"""The photo recipe from pictures to an .onnx: with a cache and a frozen encoder, and with the whole network."""

import csv
from collections.abc import Sequence
from pathlib import Path

import lightning
import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Timer
from tiny_training import draw_pictures, packed

from photochrom.errors import UsageError
from photochrom.train.export import export
from photochrom.train.losses.bins import Bins
from photochrom.train.methods import build_method, load_method
from photochrom.train.networks.efficientnet import LITE0_STAGES, Encoder, fold_norms
from photochrom.train.recipe import Recipe, load_recipe
from photochrom.train.run.run import train

TINY = (
    "data.size=32",
    "data.validation=0.25",
    "data.workers=0",
    "network.pretrained=false",
    "network.work_size=64",
    "loss.critic_crop=32",
    "loss.bin_share=0.001",
    "train.minutes=0",
    "train.epochs=2",
    "train.batch=4",
    "train.preview=0",
    "train.precision=32",
)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_pictures(tmp_path_factory.mktemp("pictures"), 12)


def tiny(name: str, *settings: str) -> Recipe:
    return load_recipe(name, [*TINY, *settings])


def values(run: Path, column: str) -> list[float]:
    with open(run / "metrics.csv") as stream:
        return [float(row[column]) for row in csv.DictReader(stream) if row.get(column)]


def run(recipe: Recipe, pictures: Path, out: Path, **options: object) -> Path:
    return train(recipe, [pictures], out, **packed(quiet=True, device="cpu", **options))


def weights(out: Path, part: str, checkpoint: str = "last.ckpt") -> dict[str, torch.Tensor]:
    state = torch.load(out / "checkpoints" / checkpoint, weights_only=True)["state_dict"]
    return {name: value for name, value in state.items() if name.startswith(part)}


def changed(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> set[str]:
    return {name for name in one if not torch.equal(one[name], other[name])}


def test_cached_run_through_all_stages_and_out_as_onnx(pictures: Path, tmp_path: Path) -> None:
    import photochrom
    from photochrom.train.export import export

    recipe = tiny("photo-cached", "train.stages=[0.4, 0.3, 0.3]", "train.ema=0")
    out = run(recipe, pictures, tmp_path / "run")
    assert len(values(out, "train/distribution_step")) > len(values(out, "train/perceptual_step"))
    assert len(values(out, "train/perceptual_step")) > len(values(out, "train/generator_step")) > 0
    assert len(values(out, "train/generator_step")) == len(values(out, "train/discriminator_real_step"))
    assert len(values(out, "train/huber_step")) == len(values(out, "train/perceptual_step"))
    for column in ("val/loss", "val/distribution", "val/ab_error", "val/diversity"):
        assert len(values(out, column)) == 2
    assert (out / "cache" / "f4.npy").is_file()

    export(out, tmp_path / "tiny.onnx")
    model = photochrom.load_model(tmp_path / "tiny.onnx")
    assert (model.info.work_size, model.info.spec.output) == (64, "distribution")
    assert model.colorize(np.zeros((50, 70), np.uint8)).shape == (50, 70, 3)


def test_what_is_frozen_stays_and_what_is_not_learns(pictures: Path, cache: str, tmp_path: Path) -> None:
    quick = (cache, "train.epochs=1", "train.stages=[1, 0, 0]", "train.ema=0", "optimiser.weight_decay=0")
    frozen, whole, before = tmp_path / "frozen", tmp_path / "whole", tmp_path / "before"
    run(tiny("photo-cached", *quick, "optimiser.rate=0"), pictures, before)
    run(tiny("photo-cached", *quick), pictures, frozen)
    run(tiny("photo-gpu", *quick), pictures, whole)
    encoder, decoder = "network.encoder.", "network.decoder."
    assert not changed(weights(before, encoder), weights(frozen, encoder))
    assert changed(weights(before, decoder), weights(frozen, decoder))
    learned = changed(weights(before, encoder), weights(whole, encoder))
    assert learned and not any("running" in name for name in learned)


def test_the_whole_network_in_bf16_through_all_stages(pictures: Path, tmp_path: Path) -> None:
    settings = ("train.precision=bf16", "train.epochs=1", "data.validation=0", "train.stages=[0.3, 0.3, 0.4]")
    # At 32 px the critic's last map is 1x1, where oneDNN on CPUs with AVX512-BF16 gives a wrong gradient (torch 2.14).
    sizes = ("data.size=64", "loss.critic_crop=64")
    out = run(tiny("photo-gpu", *settings, *sizes, "train.batch=3"), pictures, tmp_path / "run")
    assert values(out, "train/generator_step") and np.isfinite(values(out, "train/loss_step")).all()
    assert values(out, "train/semantic_step")


def test_a_run_that_was_stopped_goes_on_where_it_was(pictures: Path, cache: str, tmp_path: Path) -> None:
    same = ("train.epochs=1", "train.stages=[0.4, 0.2, 0.4]", cache)
    recipe = tiny("photo-cached", *same)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run(recipe, pictures, whole)
    steps = len(values(whole, "train/loss_step"))

    class Kill(Exception):
        pass

    class Killer(lightning.Callback):
        def on_train_batch_start(self, trainer: lightning.Trainer, *_: object) -> None:
            if trainer.fit_loop.total_batch_idx + 1 == steps // 2 + 1:
                raise Kill

    often = tiny("photo-cached", *same, "train.checkpoint_minutes=0")
    with pytest.raises(Kill):
        run(often, pictures, broken, callbacks=[Killer()])
    run(often, pictures, broken, resume=True)
    np.testing.assert_allclose(values(broken, "train/loss_step")[-2:], values(whole, "train/loss_step")[-2:], rtol=1e-4)
    torch.testing.assert_close(weights(broken, ""), weights(whole, ""), rtol=1e-3, atol=1e-4)


def test_the_cache_is_used_again_by_another_run(
    pictures: Path, cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import photochrom.train.cache.fill as caching

    shared = ("train.epochs=1", "train.stages=[1, 0, 0]", "train.ema=0", cache)
    run(tiny("photo-cached", *shared), pictures, tmp_path / "a")
    assert not (tmp_path / "a" / "cache").exists()
    monkeypatch.setattr(caching, "_session", None)  # nothing is left to encode
    run(tiny("photo-cached", *shared, "optimiser.rate=1e-3"), pictures, tmp_path / "b")
    with pytest.raises(UsageError, match="cache_folder"):
        run(tiny("photo-cached", *shared, "augment.aged=0.5"), pictures, tmp_path / "c")


def test_broken_pictures_do_not_stop_the_cache_but_too_many_do(tmp_path: Path) -> None:
    from photochrom.errors import TrainingError

    folder = draw_pictures(tmp_path / "pictures", 12)
    for n in range(4, 8):
        (folder / f"00{n}.png").write_bytes(b"broken")
    with pytest.raises(TrainingError, match=r"4 of 12 pictures can't be read: .*007\.png"):
        run(
            tiny("photo-cached", "train.epochs=1", "data.validation=0", "train.stages=[1, 0, 0]"),
            folder,
            tmp_path / "run",
        )


def test_a_run_may_begin_with_the_weights_of_one_without_a_critic(pictures: Path, cache: str, tmp_path: Path) -> None:
    quick = ("train.epochs=1", "train.ema=0", cache)
    first = run(tiny("photo-cached", *quick, "train.stages=[1, 0, 0]"), pictures, tmp_path / "first")
    assert not weights(first, "critic.")
    second = run(
        tiny("photo-cached", *quick, "train.stages=[0, 0, 1]", "optimiser.refine_rate=0"),
        pictures,
        tmp_path / "second",
        start=first,
    )
    stored = weights(first, "network.", "best.ckpt")
    drift = {name for name in changed(stored, weights(second, "network.")) if "running" not in name}
    assert not {name for name in drift if "num_batches" not in name}
    assert weights(second, "critic.")
    assert load_method(second).predict_ab(torch.rand(1, 1, 64, 32) * 100).shape == (1, 2, 64, 32)


def test_a_checkpoint_with_the_old_names_of_the_critic_is_read(pictures: Path, cache: str, tmp_path: Path) -> None:
    quick = ("train.epochs=1", "train.stages=[0, 0, 1]", cache)
    out = run(tiny("photo-cached", *quick), pictures, tmp_path / "run")
    path = out / "checkpoints" / "last.ckpt"
    saved = torch.load(path, weights_only=True)
    for kind in ("state_dict", "current_model_state"):
        assert any(name.startswith("critic.backbone.") for name in saved[kind])
        saved[kind] = {name.replace("critic.backbone.", "critic.eyes."): value for name, value in saved[kind].items()}
    torch.save(saved, path)
    state = load_method(path).state_dict()
    for name, value in saved["state_dict"].items():
        torch.testing.assert_close(state[name.replace("critic.eyes.", "critic.backbone.")], value)
    run(tiny("photo-cached", *quick), pictures, out, resume=True)  # with the averaged weights, which are loaded apart


def test_a_run_may_begin_with_an_exported_model(pictures: Path, cache: str, tmp_path: Path) -> None:
    quick = ("train.epochs=1", "train.ema=0", "train.stages=[1, 0, 0]", "network.two_scales=false")
    first = run(tiny("photo-cached", *quick, cache), pictures, tmp_path / "first")
    export(first, tmp_path / "first.onnx")
    bins = Bins.load(first / "bins.npz")
    whole = ("network.cache=false", "network.frozen=false", "network.hints=true", "optimiser.rate=0")
    still = tiny("photo-cached", *quick, *whole, "network.fixed_norms=true")
    second = run(still, pictures, tmp_path / "second", start=tmp_path / "first.onnx")  # with the bins of the file
    lightness = torch.rand(1, 1, 64, 64) * 100
    with torch.no_grad():
        same = [load_method(out).eval().predict_ab(lightness) for out in (first, second)]
    torch.testing.assert_close(same[0], same[1], atol=1e-3, rtol=0)
    learning = tiny("photo-cached", *quick, *whole, "train.epochs=1")
    third = run(learning, pictures, tmp_path / "measured", start=tmp_path / "first.onnx", max_steps=1)
    told = [values(out, "train/distribution_step")[0] for out in (second, third)]
    assert told[1] == pytest.approx(told[0], rel=0.1)  # its norms begin with what they see, not with 0 and 1
    fewer = Bins(bins.centres[1:], bins.prior[1:])
    with pytest.raises(UsageError, match="--bins"):
        run(still, pictures, tmp_path / "third", start=tmp_path / "first.onnx", bins=fewer)


def test_with_neither_hub_nor_weights_an_exported_model_is_trained_on_without_a_critic(
    pictures: Path, cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("photochrom.train.weights.hub.answers", lambda: False)
    monkeypatch.setattr("photochrom.train.weights.hub.is_cached", lambda repository: False)
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(tmp_path / "none"))
    first = run(tiny("photo-cached", cache, "train.epochs=1", "train.stages=[1, 0, 0]"), pictures, tmp_path / "first")
    export(first, tmp_path / "first.onnx")
    settings = ("network.pretrained=true", "train.epochs=4", "train.stages=[0.3, 0.3, 0.4]", "network.two_scales=false")
    recipe, out = tiny("photo", *settings), tmp_path / "run"
    options = packed(device="cpu", max_steps=1)
    train(recipe, [pictures], out, start=tmp_path / "first.onnx", **options)
    assert "photochrom weights lite0 fetches them" in capsys.readouterr().err
    assert "goes on with its other losses alone" in (out / "warnings.log").read_text()
    run(recipe, pictures, out, resume=True)  # as it began, whatever can be had by now
    assert len(values(out, "train/huber_step")) > 1 and not values(out, "train/perceptual_step")
    assert not weights(out, "critic.") and np.isfinite(values(out, "val/loss")).all()


def test_hints_are_learned_at_the_end_and_nothing_else_with_them(pictures: Path, cache: str, tmp_path: Path) -> None:
    quick = ("train.epochs=1", "train.stages=[1, 0, 0]", "train.ema=0", "network.hints=true")
    first = run(tiny("photo-cached", *quick, cache), pictures, tmp_path / "first")
    for name, where in (("photo-cached", (cache,)), ("photo", ())):
        recipe = tiny(name, *quick, *where, "train.hints_share=1", "network.two_scales=false")
        out = run(recipe, pictures, tmp_path / name, start=first)
        different = changed(weights(first, "network.", "best.ckpt"), weights(out, "network."))
        assert different and all(name.startswith("network.decoder.hints.") for name in different)
        assert values(out, "train/hints_step")
    with pytest.raises(UsageError, match=r"network\.hints"):
        run(tiny("photo-cached", cache, "train.hints_share=0.1"), pictures, tmp_path / "none")


def test_a_run_of_so_many_minutes_follows_the_clock(
    pictures: Path, cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter(range(10**6))  # a clock on which each look takes a second
    monkeypatch.setattr(Timer, "time_elapsed", lambda self, *_: float(next(looks)))
    monkeypatch.setattr(Timer, "time_remaining", lambda self, *_: 60.0 - next(looks))
    settings = ("train.minutes=1", "train.epochs=20", "train.stages=[1, 0, 0]", "train.ema=0")
    rates = values(run(tiny("photo-cached", *settings, cache), pictures, tmp_path / "run"), "train/rate")
    assert 3 < len(rates) < 60
    assert rates[-1] < 0.2 * max(rates)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["network.frozen=false"], "frozen"),
        (["data.size=40"], "32"),
        (["train.accumulate=2"], "accumulate"),
        (["train.stages=[0, 0, 0]"], "stages"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings: Sequence[str], message: str) -> None:
    bins = Bins(np.zeros((1, 2), np.float32), np.ones(1, np.float32))
    with pytest.raises(UsageError, match=message):
        build_method(tiny("photo-cached", *settings), bins)


@pytest.mark.parametrize(("name", "head"), [("photo-cached", False), ("photo", True)])
def test_imagenet_weights_go_where_they_belong(name: str, head: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder, backbone = Encoder(), Encoder(LITE0_STAGES, head=head)
    torch.save(encoder.state_dict(), tmp_path / "lite2.pth")
    torch.save(backbone.state_dict(), tmp_path / "lite0.pth")
    named = (f"network.weights={tmp_path / 'lite2.pth'}", f"loss.critic_weights={tmp_path / 'lite0.pth'}")
    method = build_method(
        tiny(name, "network.pretrained=true", *named),
        Bins(np.zeros((1, 2), np.float32), np.ones(1, np.float32)),
    )
    for ours, theirs in ((method.network.encoder, encoder), (method.critic.backbone, backbone)):
        fold_norms(theirs)
        torch.testing.assert_close(dict(ours.state_dict()), dict(theirs.state_dict()))


def test_the_recipes_that_ship() -> None:
    for name in ("photo", "photo-cached", "photo-fast", "photo-gpu"):
        recipe = load_recipe(name)
        assert recipe.method == "photo"
        assert recipe.data.size % 32 == 0 == recipe.loss.critic_crop % 32
        assert recipe.loss.critic_crop <= recipe.data.size
    assert load_recipe("photo-cached").network.cache and not load_recipe("photo").network.frozen
