"""Parts of the photo recipe: the cache of features, the stages, hints, the critic."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from photochrom.errors import UsageError
from photochrom.train.augment import hints
from photochrom.train.cache.fill import fill_cache
from photochrom.train.cache.store import FEATURES, Cache
from photochrom.train.lab import rgb_to_lab
from photochrom.train.losses.bins import annealed_mean, distribution_loss
from photochrom.train.losses.critic_losses import cut, painted, random_window, with_true_broad_colors
from photochrom.train.methods.stages import Stages
from photochrom.train.networks.critic import Critic, perceptual_distance, semantic_distance
from photochrom.train.networks.efficientnet import LITE0_STAGES, Encoder, fold_norms
from photochrom.train.networks.photo import PhotoNet
from photochrom.train.run.malloc import keep_memory

COUNT, SIZE = 5, 32


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(0)
    return Encoder().eval()


def square(view: int, index: int) -> np.ndarray:
    small = np.random.default_rng((view, index)).integers(0, 256, (3, 4, 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(small).resize((SIZE, SIZE)))


def fill(folder: Path, encoder: Encoder, squares=square, **changed: object) -> None:
    settings = {
        "size": SIZE,
        "views": 2,
        "flip": True,
        "aged": 0.5,
        "plain": 0.0,
        "seed": 0,
        "made_of": {"pictures": "abc"},
    }
    fill_cache(folder, encoder, squares, pictures=COUNT, **{**settings, **changed})


def test_the_cache_holds_what_the_encoder_sees(tmp_path: Path, encoder: Encoder) -> None:
    fill(tmp_path, encoder)
    cache = Cache(tmp_path)
    assert cache.count == 2 * COUNT
    batch = cache.batch(range(cache.count), (*FEATURES, "rgb", "grey", "ab"))
    grey = torch.from_numpy(cache.arrays["grey"][:].astype(np.float32))[:, None]
    with torch.no_grad():
        expected = encoder(((grey - 127) / 128).expand(-1, 3, -1, -1))
    for name, feature in zip(FEATURES, expected, strict=True):
        torch.testing.assert_close(batch[name], feature, atol=2e-2, rtol=2e-3)
    lab = rgb_to_lab(batch["rgb"] / 255)
    torch.testing.assert_close(batch["ab"], torch.nn.functional.avg_pool2d(lab[:, 1:], 4), atol=0.1, rtol=1e-3)
    exact = (batch["lightness"] - lab[:, :1]).abs().amax((1, 2, 3)) < 0.5
    assert 0 < exact.sum() < cache.count  # some views are aged, their colours are not
    crops = cache.arrays["rgb"]
    assert not np.array_equal(crops[:COUNT], crops[COUNT:])  # the second view is another crop


def test_an_interrupted_cache_is_finished_and_comes_out_the_same(tmp_path: Path, encoder: Encoder) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    fill(whole, encoder)

    def stopping(view: int, index: int) -> np.ndarray:
        if stops and index == 3:
            raise KeyboardInterrupt
        return square(view, index)

    stops = True
    with pytest.raises(KeyboardInterrupt):
        fill(broken, encoder, stopping)
    with pytest.raises(UsageError, match="not complete"):
        Cache(broken)
    stops = False
    fill(broken, encoder, stopping)
    for name, array in Cache(whole).arrays.items():
        np.testing.assert_array_equal(array, Cache(broken).arrays[name])
    # half-way: what is noted as done isn't made again
    state = json.loads((broken / "cache.json").read_text())
    (broken / "cache.json").write_text(json.dumps({**state, "done": 8}))
    read: list[int] = []
    fill(broken, encoder, lambda view, index: read.append(index) or square(view, index))
    assert sorted(read) == [3, 4]


def test_the_cache_of_other_settings_is_refused(tmp_path: Path, encoder: Encoder) -> None:
    fill(tmp_path, encoder)
    for changed in ({"aged": 0.1}, {"made_of": {"pictures": "abd"}}, {"views": 1}):
        with pytest.raises(UsageError, match="cache_folder"):
            fill(tmp_path, encoder, **changed)


def test_stages_of_a_run() -> None:
    stages = Stages((0.5, 0.25, 0.25))
    assert [stages.at(p) for p in (0, 0.49, 0.5, 0.74, 0.75, 1)] == ["a", "a", "b", "b", "c", "c"]
    assert [Stages((1, 0, 0)).at(p) for p in (0, 1)] == ["a", "a"]
    assert Stages((0, 0, 1)).at(0) == "c"
    assert [Stages((1, 1, 0)).at(p) for p in (0.2, 0.5, 1)] == ["a", "b", "b"]
    rates = [stages.rate(p, 1e-3, 1e-4) for p in np.linspace(0, 1, 101)]
    assert max(rates[:50]) == pytest.approx(1e-3, rel=0.02)
    assert rates[49] < 1e-4 and rates[0] < 1e-4  # falls before the next phase, rises at the beginning
    assert max(rates[50:]) == pytest.approx(1e-4, rel=0.02)
    assert min(rates) > 0
    hinted = Stages((1, 1, 0), hints=0.2)
    assert [hinted.at(p) for p in (0, 0.39, 0.41, 0.79, 0.8, 1)] == ["a", "a", "b", "b", "d", "d"]
    assert hinted.rate(0.79, 1e-3, 1e-4) < 1e-5 and hinted.rate(0.82, 1e-3, 1e-4) > 5e-4  # a phase of its own
    assert Stages((1, 0, 0), hints=1).at(0) == "d"
    for wrong in ((0, 0, 0), (1, -1, 1)):
        with pytest.raises(UsageError, match=r"train\.stages"):
            Stages(wrong)


def test_hints_are_the_truth_where_the_mask_says_so() -> None:
    torch.manual_seed(0)
    ab = torch.randn(64, 2, 1, 1).expand(-1, -1, 64, 64) * 30
    drawn = hints.random_hints(ab)
    mask = drawn[:, 2:]
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(drawn[:, :2], ab * mask)
    given = mask.mean((1, 2, 3))
    assert (given > 0).float().mean() > 0.7 and given.median() < 0.1  # most have some, few are covered


def spreading() -> tuple[PhotoNet, torch.Tensor]:
    """A network whose hints speak as before any learning, and the ab centres (Q,2) of its bins."""
    torch.manual_seed(0)
    centres = torch.cartesian_prod(torch.arange(-60.0, 61, 20), torch.arange(-60.0, 61, 20))
    net = PhotoNet(len(centres), encoder="tf_efficientnet_lite0", decoder_widths=(16, 24, 32, 40), hints=True).eval()
    net.decoder.hints.initialise(centres)
    return net, centres


def test_without_a_hint_the_network_is_automatic_and_with_one_it_is_not() -> None:
    net, _ = spreading()
    lightness = torch.rand(1, 1, 64, 96) * 100
    given = torch.zeros(1, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(net(lightness, given), net(lightness), atol=0, rtol=0)
        given[..., 20:30, 20:30] = torch.tensor([40.0, -30.0, 1.0]).view(1, 3, 1, 1)
        assert (net(lightness, given) - net(lightness)).abs().max() > 0.01


def test_a_hint_colours_its_own_place() -> None:
    net, centres = spreading()
    hinted = torch.zeros(1, 3, 96, 96)
    hinted[..., 8:16, 8:16] = torch.tensor([60.0, 20.0, 1.0]).view(1, 3, 1, 1)
    with torch.no_grad():
        after = annealed_mean(net(torch.full((1, 1, 96, 96), 50.0), hinted), centres, 0.6)
    torch.testing.assert_close(after[0, :, 2, 2], torch.tensor([60.0, 20.0]), atol=5, rtol=0)


def test_hints_learn_to_spread_over_what_is_alike() -> None:
    """Things of two kinds, each of one colour: a hint comes to colour its own kind."""
    net, centres = spreading()
    spreader, prior = net.decoder.hints, torch.ones(len(net.decoder.head.weight))

    def scene() -> tuple[torch.Tensor, ...]:
        kind = (torch.rand(8, 1, 4, 4) < 0.5).float()
        x8 = F.interpolate(kind * 2 - 1, scale_factor=2.0).expand(-1, 24, -1, -1)
        one, other = (torch.randn(8, 2, 1, 1) * 30 for _ in range(2))
        ab = F.interpolate(kind * one + (1 - kind) * other, scale_factor=4.0)
        mask = F.interpolate((torch.rand(8, 1, 16, 16) < 0.05).float(), scale_factor=4.0)
        hints = torch.cat([F.interpolate(ab, scale_factor=4.0) * mask, mask], dim=1)
        return torch.zeros(8, len(centres), 16, 16), torch.zeros(8, 16, 16, 16), x8, hints, ab

    optimiser = torch.optim.Adam(spreader.parameters(), lr=1e-2)
    losses = []
    for _ in range(60):
        *maps, ab = scene()
        loss = distribution_loss(spreader(*maps), ab, centres, prior)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:3])


def test_folded_norms_change_no_feature_and_the_critic_has_none() -> None:
    torch.manual_seed(0)
    encoder = Encoder(LITE0_STAGES).eval()
    for layer in encoder.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.running_mean, -0.3, 0.3)
            torch.nn.init.uniform_(layer.running_var, 0.2, 0.5)
            torch.nn.init.uniform_(layer.bias, -0.3, 0.3)
    x = torch.rand(2, 3, 64, 64)
    before = encoder(x)
    fold_norms(encoder)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in encoder.modules())
    for old, new in zip(before, encoder(x), strict=True):
        assert old.std() > 0
        assert (new - old).abs().max() < 1e-4 * old.abs().max()


def test_the_critic_learns_and_its_backbone_does_not() -> None:
    torch.manual_seed(0)
    critic = Critic(Encoder(LITE0_STAGES)).train()
    before = {name: value.clone() for name, value in critic.backbone.state_dict().items()}
    optimiser = torch.optim.Adam(critic.heads.parameters(), lr=1e-3)
    grey, colour = torch.full((4, 3, 32, 32), 0.5), torch.rand(4, 3, 1, 1).expand(-1, -1, 32, 32)
    losses = []
    for _ in range(15):
        loss = sum(critic.discriminator_losses(critic.features(grey), critic.features(colour)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    torch.testing.assert_close(critic.backbone.state_dict(), before)
    assert perceptual_distance(critic.features(grey), critic.features(grey)) == 0
    assert perceptual_distance(critic.features(grey), critic.features(colour)) > 0


def test_the_embedding_of_a_picture_does_not_depend_on_places() -> None:
    torch.manual_seed(0)
    critic = Critic(Encoder(LITE0_STAGES, head=True)).eval()
    features = [torch.randn(3, critic.backbone.channels[-1], 2, 4)]
    known = critic.embedding(features)
    torch.testing.assert_close(critic.embedding([features[0].flip(3)]), known)
    assert semantic_distance(known, known) == 0
    elsewhere = critic.embedding([features[0] + 0.3])
    near, far = (known + share * (elsewhere - known) for share in (0.1, 0.5))
    assert 0 < semantic_distance(near, known) < semantic_distance(far, known)
    one_place = features[0][..., :1, :1].clone().requires_grad_()
    semantic_distance(critic.embedding([one_place]), known).backward()
    assert torch.isfinite(one_place.grad).all() and one_place.grad.any()


def test_the_semantic_distance_is_a_share_of_how_pictures_differ() -> None:
    torch.manual_seed(0)
    truth = torch.randn(64, 10)
    mean = truth.mean(0, keepdim=True).expand_as(truth)
    torch.testing.assert_close(semantic_distance(mean, truth), torch.tensor(1.0))
    torch.testing.assert_close(semantic_distance(7 * mean, 7 * truth), torch.tensor(1.0))
    assert torch.isfinite(semantic_distance(mean[:1], truth[:1]))


def test_with_the_true_broad_colors_only_detail_is_judged() -> None:
    torch.manual_seed(0)
    truth, guess = torch.randn(2, 6, 2, 40, 40).unbind(0)
    tinted = guess + torch.tensor([30.0, -20.0])[None, :, None, None]
    torch.testing.assert_close(
        with_true_broad_colors(tinted, truth, 1), with_true_broad_colors(guess, truth, 1), atol=1e-4, rtol=0
    )
    torch.testing.assert_close(with_true_broad_colors(guess, truth, 0), guess)
    torch.testing.assert_close(with_true_broad_colors(truth, truth, 1), truth)
    some = (with_true_broad_colors(tinted, truth, 0.5) != tinted).flatten(1).any(1)
    assert 0 < int(some.sum()) < 6
    even = truth.mean((2, 3), keepdim=True).expand_as(truth)
    moved = with_true_broad_colors(torch.zeros_like(truth), even, 1)
    torch.testing.assert_close(moved, even)  # without detail of its own a guess comes out as broad tints alone


def test_the_critic_looks_at_the_same_square_of_the_lightness_and_of_the_colours() -> None:
    torch.manual_seed(0)
    places = torch.arange(10 * 14).reshape(1, 1, 10, 14).float()
    pixels = F.interpolate(places, scale_factor=4.0, mode="nearest")
    for _ in range(20):
        window = random_window(10, 14, 8)
        assert cut(places, window).shape == (1, 1, 8, 8)
        torch.testing.assert_close(F.avg_pool2d(cut(pixels, window, 4), 4), cut(places, window))
    assert cut(places, random_window(10, 14, 0)).shape == (1, 1, 10, 10)  # 0 is all, in a square
    assert painted(torch.full((1, 1, 40, 56), 50.0), torch.zeros(1, 2, 10, 14)).shape == (1, 3, 40, 56)


def test_keeping_memory_is_asked_of_linux_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert keep_memory() is False
