"""The one tree of exceptions. Each message is one sentence: what was wrong, what we got, what to do.

PhotochromError                exit code 1
├── UsageError                 exit code 2: an option or argument that can't be used
│   └── UnknownModelError      no model of that name; names the nearest
├── PictureError               this picture can't be read; others of the run go on
│   └── PictureTooLargeError   more pixels than the limit allows
├── OutputError                the result can't be written; nothing half-written is left
│   └── OutputExistsError      it is there already and overwriting was not asked for
├── ModelError                 a model file that is missing, tampered with or not ours
└── TrainingError              a training run that can't go on: broken data, out of memory, diverged
"""


class PhotochromError(Exception):
    """Anything photochrom refuses, with a sentence fit to be shown to a person."""

    exit_code = 1


class UsageError(PhotochromError):
    exit_code = 2


class UnknownModelError(UsageError):
    pass


class PictureError(PhotochromError):
    pass


class PictureTooLargeError(PictureError):
    pass


class OutputError(PhotochromError):
    pass


class OutputExistsError(OutputError):
    pass


class ModelError(PhotochromError):
    pass


class TrainingError(PhotochromError):
    pass


class PictureWarning(UserWarning):
    """A picture was coloured although something about it deserves a second look (it has colour already, say)."""
