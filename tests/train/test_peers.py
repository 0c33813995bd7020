"""Other people's networks: as large as published, and their published tensors end up where they belong."""

import re
from collections.abc import Callable

import pytest
import torch

from photochrom.errors import ModelError, UsageError
from photochrom.train.networks.weight_files import unwrapped
from photochrom.train.peers import PEERS, ddcolor, deoldify, eccv16, find_peer, layout, siggraph17

State = dict[str, "torch.Tensor"]


@pytest.mark.parametrize("name", PEERS)
def test_networks_are_as_large_as_published(name: str) -> None:
    with torch.device("meta"):  # nothing is stored: the largest would be a gigabyte
        network = PEERS[name].build()
    millions = sum(p.numel() for p in network.parameters()) / 1e6
    assert millions == pytest.approx(PEERS[name].millions, abs=0.051)


@pytest.mark.parametrize("name", PEERS)
def test_shapes(name: str) -> None:
    peer = PEERS[name]
    with torch.device("meta"):
        out = peer.build()(torch.empty(2, 1, 64, 96))
    assert out.shape == (
        2,
        313 if peer.spec.output == "distribution" else 2,
        64 // peer.spec.stride,
        96 // peer.spec.stride,
    )


def conv(state: State, name: str, *shape: int, bias: bool = True) -> None:
    state[f"{name}.weight"] = torch.randn(*shape)
    if bias:
        state[f"{name}.bias"] = torch.randn(shape[0])


def norm(state: State, name: str, channels: int) -> None:
    for part in ("weight", "bias", "running_mean", "running_var"):
        state[f"{name}.{part}"] = torch.rand(channels) + 0.5
    state[f"{name}.num_batches_tracked"] = torch.tensor(1)


def spectral(state: State, name: str, *shape: int, bias: bool = False) -> None:
    weight = torch.randn(*shape)
    state[f"{name}.weight_orig"] = weight
    for part, length in (("u", shape[0]), ("v", weight[0].numel())):
        vector = torch.randn(length)
        state[f"{name}.weight_{part}"] = vector / vector.norm()
    if bias:
        state[f"{name}.bias"] = torch.randn(shape[0])


def seven_blocks(state: State, inputs: int) -> None:
    """model1 to model7 of both networks of Zhang et al."""
    before = inputs
    counts = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3), (512, 3), (512, 3)]
    for block, (channels, count) in enumerate(counts, start=1):
        for n in range(count):
            conv(state, f"model{block}.{2 * n}", channels, before, 3, 3)
            before = channels
        norm(state, f"model{block}.{2 * count}", channels)


def published_eccv16() -> State:
    """The layout of colorization_release_v2-9b330a0b.pth."""
    state: State = {}
    seven_blocks(state, inputs=1)
    state["model8.0.weight"], state["model8.0.bias"] = torch.randn(512, 256, 4, 4), torch.randn(256)
    conv(state, "model8.2", 256, 256, 3, 3)
    conv(state, "model8.4", 256, 256, 3, 3)
    conv(state, "model8.6", 313, 256, 1, 1)
    conv(state, "model_out", 2, 313, 1, 1, bias=False)
    return state


def published_siggraph17() -> State:
    """The layout of siggraph17-df00044c.pth."""
    state: State = {}
    seven_blocks(state, inputs=4)
    for name, i, o in (("model8up", 512, 256), ("model9up", 256, 128), ("model10up", 128, 128)):
        state[f"{name}.0.weight"], state[f"{name}.0.bias"] = torch.randn(i, o, 4, 4), torch.randn(o)
    for name, i, o in (("model3short8", 256, 256), ("model2short9", 128, 128), ("model1short10", 64, 128)):
        conv(state, f"{name}.0", o, i, 3, 3)
    conv(state, "model8.1", 256, 256, 3, 3)
    conv(state, "model8.3", 256, 256, 3, 3)
    norm(state, "model8.5", 256)
    conv(state, "model9.1", 128, 128, 3, 3)
    norm(state, "model9.3", 128)
    conv(state, "model10.1", 128, 128, 3, 3)
    conv(state, "model_class.0", 529, 256, 1, 1)
    conv(state, "model_out.0", 2, 128, 1, 1)
    return state


def published_ddcolor(depths: tuple[int, ...], dims: tuple[int, ...]) -> State:
    """The layout of DDColor's model files."""
    state: State = {"mean": torch.zeros(1, 3, 1, 1), "std": torch.ones(1, 3, 1, 1)}
    arch = "encoder.arch"
    for i, (depth, dim) in enumerate(zip(depths, dims, strict=True)):
        place = f"{arch}.downsample_layers.{i}"
        conv(state, f"{place}.{int(i > 0)}", dim, dims[i - 1] if i else 3, *((2, 2) if i else (4, 4)))
        conv(state, f"{place}.{int(i == 0)}", dims[i - 1] if i else dim)
        conv(state, f"{arch}.norm{i}", dim)
        for j in range(depth):
            block = f"{arch}.stages.{i}.{j}"
            state[f"{block}.gamma"] = torch.randn(dim)
            conv(state, f"{block}.dwconv", dim, 1, 7, 7)
            conv(state, f"{block}.norm", dim)
            conv(state, f"{block}.pwconv1", 4 * dim, dim)
            conv(state, f"{block}.pwconv2", dim, 4 * dim)
    conv(state, f"{arch}.norm", dims[-1])
    before = dims[-1]
    for i, (skip, out) in enumerate(zip(dims[2::-1], (512, 512, 256), strict=True)):
        layer = f"decoder.layers.{i}"
        spectral(state, f"{layer}.shuf.conv.0", 4 * out, before, 1, 1)
        norm(state, f"{layer}.shuf.conv.1", 4 * out)
        norm(state, f"{layer}.bn", skip)
        spectral(state, f"{layer}.conv.0", out, out + skip, 3, 3)
        norm(state, f"{layer}.conv.2", out)
        before = out
    spectral(state, "decoder.last_shuf.conv.0", 16 * 256, 256, 1, 1, bias=True)
    color = "decoder.color_decoder"
    for name, rows in (("query_feat", 100), ("query_embed", 100), ("level_embed", 3)):
        conv(state, f"{color}.{name}", rows, 256, bias=False)
    for i, channels in enumerate((512, 512, 256)):
        conv(state, f"{color}.input_proj.{i}", 256, channels, 1, 1)
        conv(state, f"{color}.color_embed.layers.{i}", 256, 256)
    conv(state, f"{color}.decoder_norm", 256)
    for i in range(9):
        for kind, attention in (("cross_attention", "multihead_attn"), ("self_attention", "self_attn")):
            layer = f"{color}.transformer_{kind}_layers.{i}"
            state[f"{layer}.{attention}.in_proj_weight"] = torch.randn(768, 256)
            state[f"{layer}.{attention}.in_proj_bias"] = torch.randn(768)
            conv(state, f"{layer}.{attention}.out_proj", 256, 256)
            conv(state, f"{layer}.norm", 256)
        layer = f"{color}.transformer_ffn_layers.{i}"
        conv(state, f"{layer}.linear1", 2048, 256)
        conv(state, f"{layer}.linear2", 256, 2048)
        conv(state, f"{layer}.norm", 256)
    spectral(state, "refine_net.0.0", 2, 103, 1, 1, bias=True)
    return state


def published_deoldify() -> State:
    """The layout of ColorizeArtistic_gen.pth: fastai's numbered layers."""
    state: State = {}
    conv(state, "layers.0.0", 64, 3, 7, 7, bias=False)
    norm(state, "layers.0.1", 64)
    before = 64
    for stage, (channels, depth) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), start=4):
        for j in range(depth):
            for n in (1, 2):
                conv(state, f"layers.0.{stage}.{j}.conv{n}", channels, before, 3, 3, bias=False)
                norm(state, f"layers.0.{stage}.{j}.bn{n}", channels)
                if j == 0 and n == 1 and before != channels:
                    conv(state, f"layers.0.{stage}.0.downsample.0", channels, before, 1, 1, bias=False)
                    norm(state, f"layers.0.{stage}.0.downsample.1", channels)
                before = channels
    norm(state, "layers.1", 512)
    for n, (i, o) in enumerate(((512, 1024), (1024, 512))):
        spectral(state, f"layers.3.{n}.0", o, i, 3, 3)
        norm(state, f"layers.3.{n}.2", o)
    for n, (i, skip, o) in enumerate(((512, 256, 768), (768, 128, 768), (768, 64, 672), (672, 64, 300)), start=4):
        spectral(state, f"layers.{n}.shuf.conv.0", 2 * i, i, 1, 1)
        norm(state, f"layers.{n}.shuf.conv.1", 2 * i)
        norm(state, f"layers.{n}.bn", skip)
        spectral(state, f"layers.{n}.conv1.0", o, i // 2 + skip, 3, 3)
        norm(state, f"layers.{n}.conv1.2", o)
        spectral(state, f"layers.{n}.conv2.0", o, o, 3, 3)
        norm(state, f"layers.{n}.conv2.2", o)
    for name, rows in (("query", 96), ("key", 96), ("value", 768)):
        spectral(state, f"layers.5.conv2.3.{name}", rows, 768, 1)
    state["layers.5.conv2.3.gamma"] = torch.randn(1)
    state["layers.8.conv.0.weight_g"] = torch.rand(1200, 1, 1, 1) + 0.5
    state["layers.8.conv.0.weight_v"], state["layers.8.conv.0.bias"] = torch.randn(1200, 300, 1, 1), torch.randn(1200)
    for n in (0, 1):
        spectral(state, f"layers.10.layers.{n}.0", 303, 303, 3, 3, bias=True)
    spectral(state, "layers.11.0", 3, 303, 1, 1, bias=True)
    return state


PUBLISHED: dict[str, tuple[Callable[[], State], str, str]] = {  # layout, a tensor of it, and where it goes
    "eccv16": (published_eccv16, "model3.4.weight", "layers.14.weight"),
    "siggraph17": (published_siggraph17, "model9.1.weight", "blocks.1.0.weight"),
    "ddcolor-tiny": (
        lambda: published_ddcolor((3, 3, 9, 3), (96, 192, 384, 768)),
        "decoder.color_decoder.transformer_self_attention_layers.4.self_attn.in_proj_weight",
        "colors.layers.4.own.project.weight",
    ),
    "deoldify-artistic": (published_deoldify, "layers.6.conv2.2.running_mean", "levels.2.convs.1.2.running_mean"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_tensors_fill_the_network(name: str) -> None:
    make, theirs, ours = PUBLISHED[name]
    state, network = make(), PEERS[name].build()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    PEERS[name].load(network, state)
    after = network.state_dict()
    torch.testing.assert_close(after[ours], state[theirs])
    same = [key for key in after if "num_batches" not in key and torch.equal(before[key], after[key])]
    assert not same


def test_every_published_name_has_a_place_of_its_own() -> None:
    for name, (make, _, _) in PUBLISHED.items():
        rename = {"eccv16": eccv16, "siggraph17": siggraph17, "ddcolor-tiny": ddcolor, "deoldify-artistic": deoldify}
        names = [ours for key in layout.folded(make()) if (ours := rename[name].rename(key)) is not None]
        assert len(names) == len(set(names))


def test_normalised_weights_act_as_torch_has_them() -> None:
    layers = torch.nn.ModuleDict(
        {
            "old": torch.nn.utils.parametrizations.spectral_norm(torch.nn.Conv2d(3, 5, 3)),
            "new": torch.nn.utils.parametrizations.weight_norm(torch.nn.Conv2d(3, 5, 3)),
        }
    ).eval()
    state = layout.folded(dict(layers.state_dict()))
    assert set(state) == {f"{name}.{part}" for name in ("old", "new") for part in ("weight", "bias")}
    for name in ("old", "new"):
        torch.testing.assert_close(state[f"{name}.weight"], layers[name].weight)


def test_weights_are_unwrapped() -> None:
    tensor = torch.ones(1)
    for saved in ({"a": tensor}, {"params": {"module.a": tensor}}, {"model": {"a": tensor}, "opt": {"lr": 1}}):
        assert unwrapped(saved, "a.pth") == {"a": tensor}
    with pytest.raises(ModelError, match="no state dict"):
        unwrapped({"epoch": 3}, "a.pth")
    with pytest.raises(ModelError, match="not a state dict"):
        unwrapped([1, 2], "a.pth")


def test_the_wrong_tensor_is_named() -> None:
    peer = PEERS["siggraph17"]
    state = published_siggraph17()
    network = peer.build()
    for change, words in (
        (
            {"model3.0.weight": torch.zeros(7, 128, 3, 3)},
            r"model3.0.weight has shape (7, 128, 3, 3), it needs (256, 12",
        ),
        ({"extra.weight": torch.zeros(2)}, "no tensor extra.weight (2,)"),
    ):
        with pytest.raises(ModelError, match=re.escape(words)):
            peer.load(network, {**state, **change})
    del state["model1.0.bias"]
    with pytest.raises(ModelError, match=r"nothing for down.0.0.bias \(64,\)"):
        peer.load(network, state)


def test_the_nearest_name_is_told() -> None:
    with pytest.raises(UsageError, match="did you mean 'ddcolor-large'"):
        find_peer("ddcolor-larg")
    with pytest.raises(UsageError, match="choose one of ddcolor-tiny"):
        find_peer("x")
