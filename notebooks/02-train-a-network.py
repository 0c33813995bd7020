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
# # Train a network
#
# A small colourisation network from a folder of pictures to an `.onnx` file that `photochrom` uses like its own.
# Needs `pip install 'photochrom[train]'`. As it stands it takes about a minute on a laptop; for something worth
# looking at, name a folder with thousands of your own pictures below.

# %%
import tempfile
from pathlib import Path

import numpy as np
from IPython.display import Image as Picture
from IPython.display import display
from PIL import Image
from skimage import data as skimage_data

import photochrom

work = Path(tempfile.mkdtemp())
folder = None  # Path("~/Pictures").expanduser(), say
steps = 32  # of the optimiser

# %% [markdown]
# ## Pictures
#
# Any folder, `.tar` shards or CIFAR-10. Without a folder of yours we cut a few photographs into small squares:
# enough to see everything work, not enough to learn what the world looks like.

# %%
if folder is None:
    folder = work / "pictures"
    folder.mkdir()
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        whole = getattr(skimage_data, name)()
        for y in range(0, whole.shape[0] - 64, 64):
            for x in range(0, whole.shape[1] - 64, 64):
                Image.fromarray(whole[y : y + 64, x : x + 64]).save(folder / f"{name}-{y}-{x}.png")
print(f"{len(list(folder.rglob('*.*')))} pictures")

# %% [markdown]
# ## A recipe
#
# What a run does is a short TOML file. `cifar10-cnn` is the plainest: lightness in, ab out, no adversary. Any key
# can be changed, on the command line with `--set`; a key that isn't known is refused, naming the nearest.

# %%
from photochrom.train.recipe import load_recipe, recipe_names

print(*recipe_names(), sep=", ")
settings = ["data.workers=0", "network.width=16", "train.batch=16", "train.preview=4"]
plain = load_recipe("cifar10-cnn", settings)
augmented = load_recipe("cifar10-cnn-augmented", settings)
print(plain.to_toml())

# %% [markdown]
# ## Train
#
# The same as `photochrom train cifar10-cnn --data FOLDER --out RUN --max-steps 32`. One picture in five, chosen
# by the hash of its file, is kept for validation.

# %%
from photochrom.train.run.options import RunOptions
from photochrom.train.run.run import train

options = RunOptions(max_steps=steps, device="cpu", quiet=True)
runs = [train(recipe, [folder], work / recipe.name, options=options) for recipe in (plain, augmented)]
print(*sorted(path.relative_to(work).as_posix() for path in runs[0].rglob("*") if path.is_file()), sep="\n")

# %% [markdown]
# ## Look
#
# Each epoch leaves a sheet of validation pictures: grey, ours, truth. `tensorboard --logdir RUN` shows them with
# the curves; `photochrom curves RUN` draws the curves. Warnings (overfitting, mode collapse, a loss that
# explodes) are printed and kept in `RUN/warnings.log`.

# %%
from photochrom.evaluate.training.curves import curves

sheets = sorted((runs[0] / "samples").glob("*.jpg"))
display(Picture(sheets[0]), Picture(sheets[-1]))
display(Picture(curves(runs[0])[0]))

# %% [markdown]
# ## Compare
#
# `photochrom compare RUN_A RUN_B` writes one HTML file: scores of both networks on the same pictures beside those
# of a grey picture, curves, the settings that differ, pictures side by side.

# %%
from photochrom.evaluate.training.compare import compare

print(compare(runs, work / "report.html", count=8))

# %% [markdown]
# ## Use it
#
# `photochrom export RUN` writes the network as `.onnx` and checks that it computes the same there. The file works
# wherever a model's name does: `photochrom --model ours.onnx old.jpg`.

# %%
from photochrom.train.export import export

worst = export(runs[0], work / "ours.onnx")
print(f"torch and onnxruntime differ by at most {worst:.1e}")
model = photochrom.load_model(work / "ours.onnx")
cat = skimage_data.chelsea()
display(Image.fromarray(np.hstack([model.colorize(cat[..., 1]), cat])))

# %% [markdown]
# A better one takes more pictures, a larger recipe (`unet-cgan`, `eccv16`, `photo`) and hours. `photochrom sweep`
# finds a good learning rate first, `photochrom finetune` begins with the weights that ship instead of from
# nothing, and [03-inside-a-colouriser](03-inside-a-colouriser.ipynb) shows what the shipped network does.
