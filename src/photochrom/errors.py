"""The one tree of exceptions. Each message is one sentence: what was wrong, what we got, what to do.

PhotochromError                exit code 1
├── UsageError                 exit code 2: an option or argument that can't be used
│   └── UnknownModelError      no model of that name; names the nearest
├── PictureError               this picture can't be read; others of the run go on
│   └── PictureTooLargeError   more pixels than the limit allows
├── OutputError                the result can't be written; nothing half-written is left
│   └── OutputExistsError      it is there already and overwriting was not asked for
├── ModelError                 a model file that is missing, tampered with or not ours
│   └── UnusableModelError     exit code 2: so is one that the user named
└── TrainingError              a training run that can't go on: broken data, out of memory, diverged
"""

import difflib
import warnings
from collections.abc import Iterable


class PhotochromError(Exception):
    """Anything photochrom refuses, with a sentence fit to be shown to a person."""

    exit_code = 1


class UsageError(PhotochromError):
    """An option or argument that can't be used."""

    exit_code = 2


class UnknownModelError(UsageError):
    """There is no model of that name."""


class PictureError(PhotochromError):
    """This picture can't be read or used; others of the run go on."""


class PictureTooLargeError(PictureError):
    """It has more pixels than the limit allows, or than the memory holds."""


class OutputError(PhotochromError):
    """The result can't be written; nothing half-written is left."""


class OutputExistsError(OutputError):
    """It is there already, and overwriting was not asked for."""


class ModelError(PhotochromError):
    """A model file that is missing, tampered with, damaged or not ours, or a network that fails."""


class UnusableModelError(ModelError):
    """A file that was named as a model and is none that can be used."""

    exit_code = 2


class TrainingError(PhotochromError):
    """A training run that can't go on: broken data, out of memory, diverged."""


class PictureWarning(UserWarning):
    """A picture was coloured although something about it deserves a second look (it has colour already, say)."""


def issue(notes: Iterable[str]) -> None:
    """Give each of a picture's notes as a PictureWarning: once, where a person's call comes in or goes out.

    Below that edge notes are data (`Photo.notes`), so that they stay with their picture whatever thread it is in.
    """
    for note in notes:
        warnings.warn(note, PictureWarning, stacklevel=2)


def suggestion(word: str, known: Iterable[str], *, otherwise: str = "", cutoff: float = 0.6) -> str:
    """The end of a sentence about an unknown word: "did you mean 'nearest'?", or `otherwise` if nothing is near.

    cutoff: how alike two words must be, 0..1.
    """
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return f"did you mean {near[0]!r}?" if near else otherwise
