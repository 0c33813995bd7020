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
# # Colour a photo
#
# Needs `pip install photochrom matplotlib` and nothing else: no GPU, no download. The pictures are those of the
# [samples](../samples/README.md).

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import photochrom

samples = next(folder for folder in (Path("samples"), Path("../samples")) if folder.is_dir())


def show(**pictures):
    """Arrays side by side under their names."""
    _, axes = plt.subplots(1, len(pictures), figsize=(4 * len(pictures), 3.2), squeeze=False, layout="constrained")
    for place, (name, picture) in zip(axes[0], pictures.items(), strict=True):
        place.imshow(picture, cmap="gray", vmin=0, vmax=255)
        place.set_title(name.replace("_", " "))
        place.set_axis_off()
    plt.show()


# %% [markdown]
# ## In one call
#
# A path gives a `Photo`: the pixels, and all that came with the file (EXIF, resolution, profile), which `save`
# writes back. Pillow images and numpy arrays give their like.

# %%
photo = photochrom.colorize(samples / "cat.jpg")
grey = photochrom.Photo.open(samples / "cat.jpg").pixels
show(given=grey, coloured=photo.pixels)

# %% [markdown]
# `photo.save("cat.color.jpg")` would write it. The lightness of every pixel is still what it was; only colour was
# added:

# %%
from photochrom.color.lightness import lightness

change = np.abs(lightness(photo.pixels) - lightness(grey))
print(f"lightness (0..100) changed by {change.mean():.2f} on average: rounding to 8 bits")

# %% [markdown]
# ## A model that is kept
#
# Loading takes longer than colouring. `load_model` does it once; the model may be shared by threads.

# %%
model = photochrom.load_model("photo")
coffee = photochrom.Photo.open(samples / "coffee.jpg").pixels
show(**{f"vividness_{v}": model.colorize(coffee, vividness=v) for v in (0.0, 1.0, 2.0)})

# %% [markdown]
# The network gives a *distribution* over colours for every place. `vividness` says how boldly one is chosen from
# it: at 0 its mean, the safest guess; at 2 nearly the likeliest colours. `strength` multiplies the chroma
# afterwards:

# %%
show(**{f"strength_{s}": model.colorize(coffee, strength=s) for s in (0.5, 1.0, 1.5)})

# %% [markdown]
# ## Second opinions
#
# Nobody can know which colour a shirt had. `variants` gives several plausible versions, the likeliest first;
# `seed` gives one of them.

# %%
versions = model.variants(samples / "astronaut.jpg", 3)
show(**{f"variant_{i}": version.pixels for i, version in enumerate(versions, start=1)})

# %% [markdown]
# ## A tinted scan
#
# A sepia print is treated as black and white; `keep_tint` lays its tint over the colours again.

# %%
sepia = np.clip(grey[..., None] * np.array([1.0, 0.87, 0.68]) + np.array([12, 6, 0]), 0, 255).astype(np.uint8)
show(sepia=sepia, coloured=model.colorize(sepia), tint_kept=model.colorize(sepia, keep_tint=True))

# %% [markdown]
# ## On the command line
#
# ```sh
# photochrom old.jpg                     # old.color.jpg beside it
# photochrom -r scans -o coloured        # a folder and all below it
# photochrom old.jpg --variants 3 --vividness 1.3
# ```
#
# How it comes to its colours: [03-inside-a-colouriser](03-inside-a-colouriser.ipynb).
