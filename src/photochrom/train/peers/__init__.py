"""Other people's networks: written from their papers, and able to take their published weights.

A new one is a row of PEERS, and a module with its network and `rename` (published name of a tensor -> ours).
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from photochrom.errors import UsageError
from photochrom.network.spec import Output

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class Peer:
    """What is needed to build a network, to load its weights, and to colour with it.

    network: "module:class" below this package, made with `options`. millions: of parameters, as published.
    head: "ab", with `scale` ab units to one of the output, or "distribution", whose bin centres are the published
    tensor `centres` times `scale`, and `temperature`. Sides of the input are multiples of `multiple`; the output has
    a place for every `stride` pixels. work_size: short side in pixels at which the authors run it.
    source: where the authors' weights are: an address or a hub id. sha256: of that file, or how it begins.
    """

    name: str
    title: str
    paper: str
    millions: float
    network: str
    options: Mapping[str, Any] = field(default_factory=dict)
    head: Output = "ab"
    scale: float = 1.0
    centres: str = ""
    temperature: float = 1.0
    multiple: int = 32
    stride: int = 1
    work_size: int = 256
    licence: str = ""
    source: str = ""
    sha256: str = ""

    def build(self) -> nn.Module:
        """The network with random weights: lightness (N,1,H,W) 0..100 -> what `head` says."""
        module, name = self.network.split(":")
        network: nn.Module = getattr(importlib.import_module(module), name)(**self.options)
        return network.eval()

    def load(self, network: nn.Module, state: dict[str, Tensor]) -> None:
        """Published weights into a network of `build`. Raises ModelError for those of another network."""
        from photochrom.train.peers.layout import fit

        rename: Callable[[str], str | None] = importlib.import_module(self._names).rename
        fit(network, state, rename, self.title)

    @property
    def _names(self) -> str:  # the module that knows the published names
        return f"{__name__}.{self.name.partition('-')[0]}"


_DDCOLOR = "Kang et al., DDColor: Towards Photo-Realistic Image Colorization via Dual Decoders, ICCV 2023"
_HERE = __name__

PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            name="ddcolor-tiny",
            title="DDColor-tiny",
            paper=_DDCOLOR,
            millions=55.0,
            network=f"{_HERE}.ddcolor:DDColor",
            options={"encoder": "convnext_tiny"},
            work_size=512,
            licence="Apache-2.0",
            source="piddnad/ddcolor_paper_tiny",
        ),
        Peer(
            name="ddcolor-large",
            title="DDColor-large",
            paper=_DDCOLOR,
            millions=227.9,
            network=f"{_HERE}.ddcolor:DDColor",
            options={"encoder": "convnext_large"},
            work_size=512,
            licence="Apache-2.0",
            source="piddnad/ddcolor_modelscope",
        ),
        Peer(
            name="eccv16",
            title="ECCV16",
            paper="Zhang, Isola and Efros, Colorful Image Colorization, ECCV 2016",
            millions=32.2,
            network="photochrom.train.networks.eccv16:Eccv16",
            options={"bins": 313},
            head="distribution",
            centres="model_out.weight",
            scale=110.0,
            multiple=8,
            stride=4,
            licence="BSD-2-Clause",
            source="https://colorizers.s3.us-east-2.amazonaws.com/colorization_release_v2-9b330a0b.pth",
            sha256="9b330a0b",
        ),
        Peer(
            name="siggraph17",
            title="SIGGRAPH17",
            paper="Zhang, Zhu et al., Real-Time User-Guided Image Colorization with Learned Deep Priors, SIGGRAPH 2017",
            millions=34.1,
            network=f"{_HERE}.siggraph17:Siggraph17",
            scale=110.0,
            multiple=8,
            licence="BSD-2-Clause",
            source="https://colorizers.s3.us-east-2.amazonaws.com/siggraph17-df00044c.pth",
            sha256="df00044c",
        ),
        Peer(
            name="deoldify-artistic",
            title="DeOldify artistic",
            paper="Antic, DeOldify, 2018",
            millions=63.6,
            network=f"{_HERE}.deoldify:DeOldify",
            options={"encoder": "resnet34", "deep": True},
            work_size=560,  # 16 times the render factor 35
            licence="MIT",
            source="https://data.deepai.org/deoldify/ColorizeArtistic_gen.pth",
        ),
        Peer(
            name="deoldify-stable",
            title="DeOldify stable",
            paper="Antic, DeOldify, 2018",
            millions=218.2,
            network=f"{_HERE}.deoldify:DeOldify",
            options={"encoder": "resnet101", "deep": False},
            work_size=560,
            licence="MIT",
            source="https://data.deepai.org/deoldify/ColorizeStable_gen.pth",
        ),
    )
}


def find_peer(name: str) -> Peer:
    """The network of that name. Raises UsageError, naming the nearest."""
    if name in PEERS:
        return PEERS[name]
    near = difflib.get_close_matches(name, PEERS, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(PEERS)}"
    raise UsageError(f"there is no network {name!r}: {hint}")
