"""Other people's networks: one row each, by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from photochrom.errors import UsageError, suggestion
from photochrom.network.spec import NetworkSpec

if TYPE_CHECKING:
    from torch import Tensor, nn

_PACKAGE = "photochrom.train.peers"


@dataclass(frozen=True, kw_only=True)
class Peer:
    """What is needed to build a network, to load its published weights, and to colour with it.

    network: "module:class", made with `options`. millions: of parameters, as published. spec: its input and output;
    where that is a distribution, the centres of its bins are the published tensor `centres` times `centre_unit`, and
    all else that is missing in a table is filled in from the other fields by an export. source: where the authors keep
    the weights, an address or a hub id with its revision. sha256: of that file.
    """

    name: str
    title: str
    paper: str
    millions: float
    network: str
    options: Mapping[str, Any] = field(default_factory=dict)
    spec: NetworkSpec
    centres: str = ""
    centre_unit: float = 1.0
    source: str
    sha256: str

    def build(self) -> nn.Module:
        """The network with random weights: lightness (N,1,H,W) 0..100 -> the output of `spec`."""
        module, name = self.network.split(":")
        network: nn.Module = getattr(importlib.import_module(module), name)(**self.options)
        return network.eval()

    def load(self, network: nn.Module, state: dict[str, Tensor]) -> None:
        """Published weights into a network of `build`. Raises ModelError for those of another network."""
        from photochrom.train.peers.layout import fit

        module = importlib.import_module(f"{_PACKAGE}.{self.name.partition('-')[0]}")
        rename: Callable[[str], str | None] = module.rename
        fit(network, state, rename, self.title)


_DDCOLOR = "Kang et al., DDColor: Towards Photo-Realistic Image Colorization via Dual Decoders, ICCV 2023"
_DEOLDIFY = 560  # px: 16 times DeOldify's render factor of 35

PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            name="ddcolor-tiny",
            title="DDColor-tiny",
            paper=_DDCOLOR,
            millions=55.0,
            network=f"{_PACKAGE}.ddcolor:DDColor",
            options={"encoder": "convnext_tiny"},
            spec=NetworkSpec(output="ab", multiple=32, stride=1, work_size=512, licence="Apache-2.0"),
            source="piddnad/ddcolor_paper_tiny@cf9fd99c1d7472689ec7413441c1b799a51866a3:pytorch_model.bin",
            sha256="8a1277bc90a1bfbb6d2d83933a9a6bc821931879ca93e26e4fcec12165d41fce",
        ),
        Peer(
            name="ddcolor-large",
            title="DDColor-large",
            paper=_DDCOLOR,
            millions=227.9,
            network=f"{_PACKAGE}.ddcolor:DDColor",
            options={"encoder": "convnext_large"},
            spec=NetworkSpec(output="ab", multiple=32, stride=1, work_size=512, licence="Apache-2.0"),
            source="piddnad/ddcolor_modelscope@060f67494e31883a4b13cb27f889f3154847ada4:pytorch_model.bin",
            sha256="d81711971ec59200da26d5e8a1afae8dd3778d495ea8ad7a7dadc769f403f7e7",
        ),
        Peer(
            name="eccv16",
            title="ECCV16",
            paper="Zhang, Isola and Efros, Colorful Image Colorization, ECCV 2016",
            millions=32.2,
            network="photochrom.train.networks.eccv16:Eccv16",
            options={"bins": 313},
            spec=NetworkSpec(output="distribution", multiple=8, stride=4, work_size=256, licence="BSD-2-Clause"),
            centres="model_out.weight",
            centre_unit=110.0,
            source="https://colorizers.s3.us-east-2.amazonaws.com/colorization_release_v2-9b330a0b.pth",
            sha256="9b330a0bae53f4ded77b1e23defbf78beaa09c10ebc4c4999e8e4f4a160b93f9",
        ),
        Peer(
            name="siggraph17",
            title="SIGGRAPH17",
            paper="Zhang, Zhu et al., Real-Time User-Guided Image Colorization with Learned Deep Priors, SIGGRAPH 2017",
            millions=34.1,
            network=f"{_PACKAGE}.siggraph17:Siggraph17",
            spec=NetworkSpec(output="ab", multiple=8, stride=1, work_size=256, scale=110.0, licence="BSD-2-Clause"),
            source="https://colorizers.s3.us-east-2.amazonaws.com/siggraph17-df00044c.pth",
            sha256="df00044c0a4d7c3edcecf6f75437ce346a66e7a42612d9b968e1a7e17dbc6f66",
        ),
        Peer(
            name="deoldify-artistic",
            title="DeOldify artistic",
            paper="Antic, DeOldify, 2018",
            millions=63.6,
            network=f"{_PACKAGE}.deoldify:DeOldify",
            options={"encoder": "resnet34", "deep": True},
            spec=NetworkSpec(output="ab", multiple=32, stride=1, work_size=_DEOLDIFY, licence="MIT"),
            source="https://data.deepai.org/deoldify/ColorizeArtistic_gen.pth",
            sha256="3f750246fa220529323b85a8905f9b49c0e5d427099185334d048fb5b5e22477",
        ),
        Peer(
            name="deoldify-stable",
            title="DeOldify stable",
            paper="Antic, DeOldify, 2018",
            millions=218.2,
            network=f"{_PACKAGE}.deoldify:DeOldify",
            options={"encoder": "resnet101", "deep": False},
            spec=NetworkSpec(output="ab", multiple=32, stride=1, work_size=_DEOLDIFY, licence="MIT"),
            source="https://data.deepai.org/deoldify/ColorizeStable_gen.pth",
            sha256="ca9cd7f43fb8b222c9a70f7b292e305a000694b0ff9d2ae4a6747b1a2e1ee5af",
        ),
    )
}


def find_peer(name: str) -> Peer:
    """The network of that name. Raises UsageError, naming the nearest."""
    if name in PEERS:
        return PEERS[name]
    otherwise = f"choose one of {', '.join(PEERS)}"
    raise UsageError(f"there is no network {name!r}: {suggestion(name, PEERS, otherwise=otherwise, cutoff=0.4)}")
