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
# # Drawings and infrared: from pairs to picture
#
# In a photograph brightness is lightness, and only colour is missing. A drawing, a near-infrared photograph or a
# thermal frame says something else: leaves shine in infrared, paper says nothing of what is drawn on it. Networks for
# these domains predict lightness too, and learn from *pairs* of such a picture and a colour photograph of the same.
# Needs `pip install 'photochrom[train]'`; as it stands it takes about two minutes on a laptop, enough to see every
# step, not enough to learn much. For something worth looking at, name a folder of pictures and raise `steps`.

# %%
import tempfile
from pathlib import Path

import numpy as np
from IPython.display import Image as Picture
from IPython.display import display
from PIL import Image
from skimage import data as skimage_data

work = Path(tempfile.mkdtemp())
folder = None  # Path("~/Pictures").expanduser(), say
steps = 24  # of each optimiser

if folder is None:
    folder = work / "pictures"
    folder.mkdir()
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        whole = getattr(skimage_data, name)()
        for y in range(0, whole.shape[0] - 128, 128):
            for x in range(0, whole.shape[1] - 128, 128):
                Image.fromarray(whole[y : y + 128, x : x + 128]).save(folder / f"{name}-{y}-{x}.png")
print(f"{len(list(folder.rglob('*.*')))} pictures")

# %% [markdown]
# ## Pairs
#
# Real pairs come from two cameras; `photochrom prepare pairs COLOUR INFRARED -o PAIRS` lays them over each other. Where
# there are too few, inputs are made of colour pictures: `photochrom prepare sketch` draws their lines (XDoG, Canny,
# soft edges), `photochrom prepare infrared` makes plants bright and the sky dark. The plain way to simulate infrared
# takes the red channel; the better one agrees more with real infrared (correlation 0.82 against 0.63 on 172 pairs).

# %%
from photochrom.prepare.infrared import InfraredStyle, as_infrared
from photochrom.prepare.lines import LINE_KINDS, LineStyle, draw_lines

coffee = skimage_data.coffee()[:400, 100:500]


def side_by_side(*pictures: np.ndarray, size: int = 220) -> Image.Image:
    """Pictures, grey or in colour, in a row."""
    row = [Image.fromarray(picture).convert("RGB").resize((size, size)) for picture in pictures]
    return Image.fromarray(np.hstack([np.asarray(picture) for picture in row]))


display(side_by_side(coffee, *(draw_lines(coffee, LineStyle(kind=kind)) for kind in LINE_KINDS)))
display(side_by_side(coffee, as_infrared(coffee, InfraredStyle(kind="red")), as_infrared(coffee, InfraredStyle())))

# %%
# The same as: photochrom prepare infrared PICTURES -o PAIRS
from photochrom.pictures.find import find_pictures
from photochrom.prepare.command import MADE
from photochrom.prepare.run import Target, make_inputs

pairs = work / "pairs"
made = list(make_inputs(find_pictures([folder]), MADE["ir"]["simulated"], Target(folder=pairs, kind="ir")))
print(f"{len(made)} pairs, as in {made[0].files[1].relative_to(work)} and {made[0].files[0].relative_to(work)}")

# %% [markdown]
# ## With pairs
#
# The recipe `infrared`: the encoder and decoder of `photo-fast`, with a head for L\*, a\* and b\*. It learns by the
# distance from the truth and, where the weights of its critic can be had, by how the pictures look to an ImageNet
# network and by a discriminator; here the distance alone, from random weights, at 64 px.

# %%
from photochrom.train.recipe import load_recipe
from photochrom.train.run.options import RunOptions
from photochrom.train.run.run import train

options = RunOptions(max_steps=steps, device="cpu", quiet=True)
quick = ["data.size=64", "data.validation=0.2", "data.workers=0", "train.preview=4", "train.ema=0", "train.minutes=0"]
paired = load_recipe(
    "infrared",
    [
        *quick,
        "network.pretrained=false",
        "network.decoder_widths=[16, 16, 24, 32]",
        "network.work_size=64",
        "loss.perceptual_weight=0",
        "loss.adversarial_weight=0",
        "train.stages=[1, 0, 0]",
        "optimiser.rate=2e-3",
    ],
)
with_pairs = train(paired, [pairs], work / "paired", options=options)
display(Picture(sorted((with_pairs / "samples").glob("*.jpg"))[-1]))

# %% [markdown]
# ## Without pairs
#
# A CycleGAN sees colour pictures and infrared pictures that don't belong together: one generator each way, and there
# and back again has to give what was there before. It is free to invent whatever its discriminators believe.

# %%
unpaired = load_recipe("infrared-cyclegan", [*quick, "network.width=16", "network.blocks=2"])
without_pairs = train(unpaired, [pairs], work / "cyclegan", options=options)
display(Picture(sorted((without_pairs / "samples").glob("*.jpg"))[-1]))

# %% [markdown]
# ## Side by side
#
# `photochrom evaluate --domain infrared --data PAIRS --model a.onnx b.onnx` gives models the *input* of each pair, not
# the truth's lightness, and measures what they make of it. The row `input` is that input as it is.

# %%
from photochrom.evaluate.report.gallery import sheet_of
from photochrom.evaluate.report.tables import markdown, result_rows
from photochrom.evaluate.run import evaluate
from photochrom.evaluate.settings import EvaluationSettings
from photochrom.train.export import export

models = []
for run in (with_pairs, without_pairs):
    models.append(str(work / f"{run.name}.onnx"))
    export(run, Path(models[-1]), domain="infrared")
without = ("lpips_alex", "lpips_vgg", "fid", "fid_torchvision", "fd_dinov2")
settings = EvaluationSettings(domain="infrared", size=64, limit=8, draws=0, without=without)
found = evaluate([pairs], models, work / "scores", settings=settings)
print(markdown(result_rows(found.results["rows"])))
display(sheet_of(found.numbers.pictures[:4], found.numbers.painters, 64, domain="infrared"))

# %% [markdown]
# ## The ones that ship
#
# `photochrom old.tif --domain infrared` colours with the network that ships for the domain; `photochrom models` lists
# them. [docs/domains.md](../docs/domains.md) has their scores beside those of a CycleGAN, on real pairs.

# %%
import photochrom

shipped = [info.name for info in photochrom.models() if info.domain == "infrared"]
if shipped:
    ours = photochrom.load_model(shipped[0])
    infrared = as_infrared(coffee, InfraredStyle())
    display(side_by_side(infrared, ours.colorize(infrared), coffee))
