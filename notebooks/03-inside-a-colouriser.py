# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: -all
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
# ---

# %% [markdown]
# # Inside a colouriser
#
# From a black-and-white picture to colours, one stage after the other, with the model that ships. Needs `pip
# install 'photochrom[train]'` (torch is used for one stage, the features) and matplotlib.

# %%
import matplotlib.pyplot as plt
import numpy as np
from skimage import data

import photochrom
from photochrom import Photo, Settings
from photochrom.color.distribution import annealed_mean
from photochrom.color.gamut import merge
from photochrom.color.lab import lab_to_rgb, rgb_to_lab
from photochrom.color.lightness import lightness
from photochrom.color.resample import resize
from photochrom.color.upsample import paint


def show(columns=4, cmap=None, **pictures):
    """Arrays under their names, so many in a row."""
    rows = -(-len(pictures) // columns)
    size = (3.4 * min(columns, len(pictures)), 3.1 * rows)
    _, axes = plt.subplots(rows, min(columns, len(pictures)), figsize=size, squeeze=False, layout="constrained")
    for place in axes.flat:
        place.set_axis_off()
    for place, (name, picture) in zip(axes.flat, pictures.items(), strict=False):
        place.imshow(picture, cmap=cmap)
        place.set_title(name.replace("_", " "))
    plt.show()


truth = data.coffee()
grey = merge(truth, np.zeros((*truth.shape[:2], 2), np.float32))[..., 0]
show(truth=truth, what_we_are_given=grey, cmap="gray")

# %% [markdown]
# ## 1. Lightness
#
# CIE Lab splits a colour into lightness L* (0 to 100) and two chroma axes: a* from green to red, b* from blue to
# yellow. A grey picture is its lightness; what is missing is a* and b*. The network looks at a small copy, about
# 256 pixels on the short side.

# %%
model = photochrom.load_model("photo")
photo = Photo.from_array(grey)
prediction = model.predict(photo)  # the first half of the road
small = prediction.shown
height, width = small.shape
lab = rgb_to_lab(truth / 255.0)
show(lightness=lightness(grey), a=lab[..., 1], b=lab[..., 2], what_the_network_sees=small, cmap="gray")

# %% [markdown]
# ## 2. Features
#
# The encoder, trained on ImageNet to name things, makes ever smaller and ever more abstract maps: edges and
# textures at a quarter of the size, parts and things at a thirty-second. Here the three main directions of each
# map (its principal components) are drawn as red, green and blue: places of one colour look alike to the network.

# %%
import torch

from photochrom.train.networks.efficientnet import encoder_input
from photochrom.train.start.from_onnx import photo_from_onnx

net, _ = photo_from_onnx(model.info.file)
with torch.no_grad():
    features = net.encoder(encoder_input(torch.from_numpy(small)[None, None]))


def components(feature):
    """(1,C,h,w) -> (h,w,3) in 0..1: the first three principal components."""
    flat = feature[0].flatten(1).T.numpy()
    flat = flat - flat.mean(0)
    main = flat @ np.linalg.svd(flat.T @ flat)[0][:, :3]
    low, high = np.percentile(main, [1, 99], axis=0)
    return ((main - low) / (high - low)).clip(0, 1).reshape(*feature.shape[2:], 3)


show(**{f"{f.shape[1]}_channels_at_1/{height // f.shape[2]}": components(f) for f in features})

# %% [markdown]
# ## 3. The decoder: colour from coarse to fine
#
# The decoder goes the other way, from a thirty-second of the size to a quarter, and takes in the encoder's maps of each
# size on its way. A level has no colours of its own, only activations; what of the finished colours is in them already
# is read by a linear map that was fitted on other pictures (a *linear probe*, [Alain & Bengio
# 2016](https://arxiv.org/abs/1610.01644)). The share in the titles says how much of the variance of the finished
# colours each level holds, measured on pictures that the probes were not fitted on. Coarse levels know the scene, fine
# ones whose edge it is; the last stage is the network's own answer.

# %%
from photochrom.explain.stages import stages

steps = stages(model.info, prediction)
show(
    **{f"{step.name} ({step.explained:.0%})": merge(grey, resize(step.ab, grey.shape[::-1])) for step in steps},
    columns=5,
)
tall, wide = steps[-1].ab.shape[:2]
far = [np.abs(resize(step.ab, (wide, tall)) - steps[-1].ab).mean() for step in steps]
print(
    *(f"{step.name}: {distance:.1f} ab units from the answer" for step, distance in zip(steps, far, strict=True)),
    sep="\n",
)

# %% [markdown]
# ## 4. A distribution over colour
#
# For every place (4 by 4 pixels) the network does not name one colour: it says how likely each of many bins of
# the ab plane is. Below, each bin is a disc in its own colour, as large as it is likely, at the place where the
# network is surest and at the one where it doubts most.

# %%
logits, spec = prediction.output, prediction.spec
probability = np.exp(logits - logits.max(0))
probability /= probability.sum(0)
entropy = -(probability * np.log(probability + 1e-12)).sum(0)
inner = entropy[2:-2, 2:-2]
places = {
    "surest": np.unravel_index(inner.argmin(), inner.shape),
    "most in doubt": np.unravel_index(inner.argmax(), inner.shape),
}
places = {name: (y + 2, x + 2) for name, (y, x) in places.items()}

figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
axes[0].imshow(small, cmap="gray")
axes[0].set_axis_off()
for axis, (name, (y, x)) in zip(axes[1:], places.items(), strict=True):
    axes[0].plot(4 * x + 2, 4 * y + 2, "o", ms=9, mec="white", label=name)
    light = np.full(len(spec.colors), small[4 * y + 2, 4 * x + 2].clip(40, 80))
    colours = lab_to_rgb(np.column_stack([light, spec.colors])).clip(0, 1)
    axis.scatter(*spec.colors.T, s=3000 * probability[:, y, x], c=colours, edgecolors="#888", linewidths=0.4)
    axis.set(title=f"{name}: {entropy[y, x]:.2f} nats", xlabel="a* (green to red)", ylabel="b* (blue to yellow)")
    axis.set(xlim=(-95, 95), ylim=(-110, 100), aspect="equal")
axes[0].legend()
plt.show()

# %% [markdown]
# ## 5. Where it is sure
#
# The entropy of the distribution: dark where the network is sure, bright where many colours are possible. Things
# that can be painted in any colour are bright. The confidence is the probability that the shown colour errs by no
# more than 20 ab units.

# %%
ab = model.chroma(prediction)
show(entropy=entropy, confidence=prediction.confidence(ab), cmap="magma")

# %% [markdown]
# ## 6. From a distribution to a colour: the annealed mean
#
# The mean of the distribution is safe: it lays a little colour on everything, since the mean of red and green is no
# colour at all. The likeliest bin is vivid where a colour is likeliest, grey where grey is, and patchy, as neighbours
# choose alone. Sharpening the distribution by a temperature before taking the mean goes from one to the other ([Zhang
# et al. 2016](https://arxiv.org/abs/1603.08511), equation 5); `--vividness` sets this temperature. So as it falls the
# most vivid twentieth of the picture gets more chroma, and so do the steps between neighbours. The mean chroma of the
# whole picture says little: some places gain what others lose.

# %%
temperatures = (1.0, spec.temperature, 0.3, 0.01)
annealed = {t: annealed_mean(logits, spec.colors, t) for t in temperatures}
show(**{f"T_=_{t:.2f}": paint(grey, colors) for t, colors in annealed.items()})
for t, colors in annealed.items():
    chroma, step = np.linalg.norm(colors, axis=-1), np.abs(np.diff(colors, axis=1)).mean()
    vivid = np.percentile(chroma, 95)
    print(f"T = {t:.2f}: the most vivid twentieth over {vivid:.0f} ab units, steps of {step:.2f} between neighbours")

# %% [markdown]
# ## 7. Upsampling along the edges
#
# The colours have a quarter of the size of the small copy, and the picture is much larger. Enlarged by straight
# lines they bleed over edges; `paint` fits them to the full-size lightness instead ([He & Sun
# 2015](https://arxiv.org/abs/1505.00996)), so that they stop where the lightness does.

# %%
blurred = merge(grey, resize(ab, grey.shape[::-1]))
guided = model.render(photo, prediction).pixels  # the second half of the road
cut = (slice(220, 360), slice(330, 520))
show(
    the_colours_as_they_come=lab_to_rgb(np.dstack([np.full(ab.shape[:2], 65.0), ab])).clip(0, 1),
    straight_lines=blurred[cut],
    along_the_edges=guided[cut],
    truth=truth[cut],
)

# %% [markdown]
# ## 8. Second opinions
#
# A variant leans the distribution in a direction that changes smoothly over the picture. Where it is narrow
# little happens; where it is broad another colour comes out.

# %%
variants = {f"seed_{seed}": model.render(photo, prediction, Settings(seed=seed)).pixels for seed in (1, 2, 3)}
show(likeliest=guided, **variants)
