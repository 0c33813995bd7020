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
# # The course: train a network, and see what goes wrong
#
# From the plainest network to a GAN, on pictures of your own: what each loss means, augmentation, overfitting and
# mode collapse (provoked, so that you see them), pictures that nobody trained on, how colour comes, and a file that
# `photochrom` uses like its own. Needs `pip install 'photochrom[train]'`; ten minutes on two cores. With the few
# pictures that we cut here the networks learn how training goes, not what the world looks like: for that name a
# folder with thousands of your own, or CIFAR-10, below.

# %%
import csv
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Image as Picture
from IPython.display import display
from PIL import Image
from skimage import data as skimage_data

import photochrom
from photochrom.train.recipe import load_recipe, recipe_names
from photochrom.train.run.options import RunOptions
from photochrom.train.run.run import train

work = Path(tempfile.mkdtemp())
folder = None  # Path("~/Pictures").expanduser(), say, or a folder with CIFAR-10
quick = bool(os.environ.get("PHOTOCHROM_QUICK"))  # a tenth of it, to see that everything runs
torch.manual_seed(0)
torch.set_num_threads(1)  # networks this small wait for each other more than they gain


def epochs(count):
    """So many, or with `quick` a tenth."""
    return max(2, count // 10) if quick else count


# %% [markdown]
# ## 1. Pictures
#
# Any folder, `.tar` shards or CIFAR-10. Without a folder of yours three photographs are cut into small squares; a
# fourth stays *unseen*, for the end: neighbouring squares of one photograph are too alike to test with.

# %%
SIZE = 32
unseen = work / "unseen"


def squares(name, target):
    target.mkdir(exist_ok=True)
    whole = getattr(skimage_data, name)()
    for y in range(0, whole.shape[0] - 48, 48):
        for x in range(0, whole.shape[1] - 48, 48):
            Image.fromarray(whole[y : y + 48, x : x + 48]).save(target / f"{name}-{y}-{x}.png")


squares("coffee", unseen)
if folder is None:
    folder = work / "pictures"
    for name in ("astronaut", "chelsea", "rocket"):
        squares(name, folder)
print(f"{len(list(folder.rglob('*.*')))} pictures to learn from, {len(list(unseen.iterdir()))} unseen")

# %% [markdown]
# ## 2. What each loss means
#
# From grey nobody can tell a red balloon from a blue one. Say that half of all balloons are red and half blue: which
# answer costs least? We walk from blue to red through grey and ask each loss what it expects.
#
# * **L2** (mean squared error) is least exactly between the two: *grey*. Networks that learn it are pale.
# * **L1** costs the same everywhere between them: it doesn't mind grey, nor does it prefer it.
# * **Cross entropy over bins of colour** (`eccv16`, `photo`) asks for probabilities instead of a colour: it is least
#   when the network says "half, half", and grey, which never happens, costs most. The choice is made afterwards.
# * **An adversary** (a GAN) asks "could this be real?": both colours could, grey can't.

# %%
from photochrom.train.losses.losses import pixel_loss

between = torch.linspace(-1.2, 1.2, 97)  # -1 is the blue of half the balloons, 1 the red of the others
expected = {
    kind: [float(sum(pixel_loss(kind, x, torch.tensor(end)) for end in (-1.0, 1.0)) / 2) for x in between]
    for kind in ("l1", "l2", "huber")
}
seen = [np.exp(-((between.numpy() - end) ** 2) / 0.05) / 2 for end in (-1, 1)]
rare = -np.log(seen[0] + seen[1] + 1e-3)
_, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
for name, values in {**expected, "an adversary: -log(how often it is seen)": rare}.items():
    axis.plot(between, np.array(values) / max(values), label=name)
axis.set(xlabel="blue  -  grey  -  red", ylabel="expected loss, its highest is 1", xticks=[-1, 0, 1])
axis.legend()
plt.show()
print("least expected L2 at", float(between[int(np.argmin(expected["l2"]))]), "(0 is grey)")

# %% [markdown]
# ## 3. The plainest network
#
# What a run does is a short TOML file, a *recipe*; `photochrom train --list` names them all. `cifar10-cnn` is the
# plainest: lightness in, ab out, L2, no adversary. Any key can be changed (`--set` on the command line; `photochrom
# train cifar10-cnn --show` prints them all), and what isn't known or would do nothing is refused.
#
# `ab_mse` is the mean squared error on ab/128, `ab_mse_grey` that of painting nothing: a score is worth something only
# below it.

# %%
print(*recipe_names(), sep=", ")
common = [f"data.size={SIZE}", "data.workers=0", "train.batch=16", "train.preview=8", "train.fid=0"]


def run(recipe, name, *settings):
    """Train in work/name; what `photochrom train RECIPE --data FOLDER --out NAME --set ...` does."""
    out = work / name
    train(load_recipe(recipe, [*common, *settings]), [folder], out, options=RunOptions(device="cpu", quiet=True))
    return out


def column(run, name):
    """The values of a column of a run's metrics.csv."""
    with open(run / "metrics.csv") as stream:
        return [float(row[name]) for row in csv.DictReader(stream) if row.get(name)]


plain = run("cifar10-cnn", "plain", "network.width=32", f"train.epochs={epochs(40)}")
print(f"ab_mse {column(plain, 'val/ab_mse')[-1]:.5f}, painting nothing {column(plain, 'val/ab_mse_grey')[-1]:.5f}")
sheets = sorted((plain / "samples").glob("*.jpg"))
display(Picture(sheets[-1]))

# %% [markdown]
# ## 4. Augmentation
#
# The same with rotation, flips and another brightness in every round. On few pictures it learns more slowly and forgets
# less: look at the two validation curves, and at the training curves, which can't be compared (the augmented pictures
# are harder). `photochrom compare` writes the whole comparison as one HTML file.

# %%
augmented = run("cifar10-cnn-augmented", "augmented", "network.width=32", f"train.epochs={epochs(40)}")


def draw(title, runs, names, ylabel=""):
    _, axis = plt.subplots(figsize=(7, 3), layout="constrained")
    for label, folder in runs.items():
        for name in names:
            values = column(folder, name)
            axis.plot(range(1, len(values) + 1), values, label=f"{label}: {name}")
    axis.set(title=title, xlabel="epoch", ylabel=ylabel)
    axis.legend(fontsize=8)
    plt.show()


draw("Augmentation", {"plain": plain, "augmented": augmented}, ["val/ab_mse", "val/ab_mse_grey"])

# %%
from photochrom.evaluate.training.compare import compare

print(compare([plain, augmented], work / "report.html", count=8))

# %% [markdown]
# ## 5. Overfitting, provoked
#
# Sixteen pictures, no augmentation, many rounds: the network learns them by heart. The training loss goes on falling,
# that on validation pictures turns and rises; `best.ckpt` is the turning point, and the run says so in `warnings.log`.

# %%
by_heart = run(
    "cifar10-cnn", "by-heart", "network.width=32", f"train.epochs={epochs(150)}", "data.limit=40",
    "data.validation=16/24", "train.batch=8", "data.crop=centre", "optimiser.rate=2e-3",
)  # fmt: skip


def warned(run):
    path = run / "warnings.log"
    return path.read_text() if path.is_file() else "no warning"


draw("Learning by heart", {"16 pictures": by_heart}, ["train/loss_epoch", "val/loss"])
print(warned(by_heart))

# %% [markdown]
# ## 6. A U-Net and a PatchGAN
#
# `unet-cgan-plain` is pix2pix: a U-Net paints, a discriminator judges patches beside their lightness (conditional),
# and L1 (times 100) keeps the painter near the truth. First some epochs on L1 alone, then the game. A healthy game has
# no winner: both losses of the discriminator stay near log 2 = 0.69, or below it without touching 0.

# %%
unet = ["network.levels=5", "network.width=24", "data.limit=0", "train.pretrain_epochs=" + str(epochs(10))]
gan = run("unet-cgan-plain", "gan", *unet, f"train.epochs={epochs(20)}")
draw(
    "The game",
    {"gan": gan},
    ["train/discriminator_real_epoch", "train/discriminator_fake_epoch", "train/generator_epoch"],
)
display(Picture(sorted((gan / "samples").glob("*.jpg"))[-1]))
print(warned(gan))

# %% [markdown]
# ## 7. Mode collapse, provoked
#
# Without the pixel loss nothing ties the painter to *this* picture, and here it learns a hundred times more slowly than
# the discriminator. That one wins at once (the first warning): it tells all apart, so it has nothing to teach, and the
# painter lays the same confetti on everything. `val/diversity` is how much the mean colours of pictures differ; the
# truth's is the measure. Where ours stays under a fifth of it the run warns of mode collapse, and names remedies: a
# lower `optimiser.discriminator_rate`, `stabilise.minibatch=stddev`, which shows the discriminator the whole batch, and
# a pixel loss. (An even game between these two hardly collapses: the lightness, which both see, differs from picture to
# picture.)

# %%
collapsed = run(
    "unet-cgan-plain", "collapsed", *unet[:3], f"train.epochs={epochs(45)}", "loss.pixel_weight=0",
    "optimiser.rate=2e-6", "optimiser.discriminator_rate=2e-4",
)  # fmt: skip
draw("Diversity", {"with L1": gan, "collapsed": collapsed}, ["val/diversity"])
print(f"the truth's diversity: {column(gan, 'val/diversity_truth')[-1]:.1f}")
print(warned(collapsed))
display(Picture(sorted((collapsed / "samples").glob("*.jpg"))[-1]))

# %% [markdown]
# ## 8. Watching how colour comes
#
# Every run keeps the same eight pictures of each epoch as one animation, `RUN/emerging.webp`. And every network can say
# what it would paint after each level of its decoder: `stages` reads a level's activations by the linear map that comes
# nearest to the network's own answer (fitted on some pictures, measured on others). Coarse levels know the place, fine
# ones the thing.

# %%
from photochrom.color.gamut import merge
from photochrom.color.resample import resize
from photochrom.pictures.find import find_pictures
from photochrom.train.methods import load_method
from photochrom.train.stages import fit_levels, lightness_of, stages

display(Picture(data=(gan / "emerging.webp").read_bytes(), format="webp"))
method = load_method(gan)
lightness = lightness_of(find_pictures([folder])[:64], SIZE)
levels = fit_levels(method, lightness)
shown = stages(method, levels, lightness[10:11])
grey = (lightness[10, 0].numpy() / 100 * 255).astype(np.uint8)
_, axes = plt.subplots(1, len(shown), figsize=(2.2 * len(shown), 2.6), layout="constrained")
for axis, stage in zip(axes, shown, strict=True):
    axis.imshow(merge(grey, resize(stage.ab, (SIZE, SIZE))))
    axis.set(title=f"{stage.name}: {stage.explained:.0%}", xticks=[], yticks=[])
plt.show()

# %% [markdown]
# ## 9. Unseen pictures
#
# The only test that counts: a photograph of which no square was trained on. Validation squares came from the same
# photographs as the training squares, so their score flatters.


# %%
def ab_mse(run, pictures):
    """Mean squared error on ab/128, ours and that of grey."""
    from photochrom.train.data.pictures import View
    from photochrom.train.lab import rgb_to_lab

    view = View(SIZE)
    rgb = torch.stack([torch.from_numpy(view.take(p, 0, 0)) for p in pictures]).permute(0, 3, 1, 2) / 255
    lab = rgb_to_lab(rgb)
    with torch.no_grad():
        ours = load_method(run).predict_ab(lab[:, :1])
    return [float(((ab - lab[:, 1:]) / 128).square().mean()) for ab in (ours, torch.zeros_like(ours))]


for name, one in {
    "plain": plain,
    "augmented": augmented,
    "by heart": by_heart,
    "gan": gan,
    "collapsed": collapsed,
}.items():
    ours, nothing = ab_mse(one, find_pictures([unseen]))
    print(f"{name:10} on unseen pictures {ours:.5f}, painting nothing {nothing:.5f}")

# %% [markdown]
# ## 10. Use it
#
# `photochrom export RUN` writes the network as `.onnx` and checks that it computes the same there. The file works
# wherever a model's name does: `photochrom --model ours.onnx old.jpg`.

# %%
from photochrom.train.export import export

worst = export(augmented, work / "ours.onnx")
print(f"torch and onnxruntime differ by at most {worst:.1e}")
model = photochrom.load_model(work / "ours.onnx")
cat = skimage_data.chelsea()
display(Image.fromarray(np.hstack([model.colorize(cat[..., 1]), cat])))

# %% [markdown]
# A better one takes more pictures, a larger recipe (`unet-cgan`, `eccv16`, `photo`) and hours. `photochrom sweep`
# finds a good learning rate first, `photochrom finetune` begins with the weights that ship instead of from
# nothing, and [03-inside-a-colouriser](03-inside-a-colouriser.ipynb) shows what the shipped network does.
