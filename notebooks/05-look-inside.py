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
# # A say in the result, and a look inside
#
# Eras, second opinions, confidence, and how colour emerges: the pieces of `photochrom explain`, one by one. Needs
# matplotlib.

# %%
import matplotlib.pyplot as plt
import numpy as np

import photochrom
from photochrom import Photo, Settings
from photochrom.explain.choices import choices
from photochrom.explain.deciding import deciding
from photochrom.explain.emerging import emerging
from photochrom.explain.subject import subject_of


def show(columns=4, cmap=None, **pictures):
    """Pictures under their names, so many in a row."""
    rows = -(-len(pictures) // columns)
    size = (3.4 * min(columns, len(pictures)), 3.1 * rows)
    _, axes = plt.subplots(rows, min(columns, len(pictures)), figsize=size, squeeze=False, layout="constrained")
    for place in axes.flat:
        place.set_axis_off()
    for place, (name, picture) in zip(axes.flat, pictures.items(), strict=False):
        place.imshow(picture, cmap=cmap)
        place.set_title(name.replace("_", " "))
    plt.show()


model = photochrom.load_model("photo-fast")
photo = Photo.open("../samples/coffee.jpg")
prediction = model.predict(photo)  # once; all below is drawn from it

# %% [markdown]
# ## Eras
#
# An era is a matrix on a* and b*, a tone by lightness and a mean colour. `photochrom era list` says what each is
# based on.

# %%
eras = {
    name: model.render(photo, prediction, Settings(era=name)).pixels for name in ("autochrome", "kodachrome", "1970s")
}
show(none=model.render(photo, prediction).pixels, **eras)

# %% [markdown]
# ## Second opinions, and how sure it is
#
# Where the distribution is broad, variants differ; where it is narrow, they don't.

# %%
versions = model.versions(Settings(), 4)
show(**{f"variant_{n}": model.render(photo, prediction, one).pixels for n, one in enumerate(versions, start=1)})
show(confidence=model.confidence(prediction), cmap="magma")

# %% [markdown]
# ## Second choices
#
# Of each place the likeliest colour, and the likeliest of those that clearly differ from it.

# %%
first, second, third = choices(prediction, 3)
print(*(f"{share.mean():.0%}" for share in (first.share, second.share, third.share)))
subject = subject_of(model, photo, Settings())
show(first=subject.painted(first.ab), second=subject.painted(second.ab), third=subject.painted(third.ab))

# %% [markdown]
# ## From coarse to fine
#
# What is read off after each level of the decoder. `photochrom explain` makes an animation of it.

# %%
stages, moving = emerging(subject)
print(stages.caption)
show(columns=1, stages=stages.picture)

# %% [markdown]
# ## How likely each colour is
#
# At the surest and at the most doubtful place.

# %%
distribution = next(figure for figure in deciding(subject) if figure.name == "distribution")
show(columns=1, distribution=distribution.picture)
print(f"mean chroma {np.linalg.norm(subject.chroma, axis=-1).mean():.1f} ab units")
