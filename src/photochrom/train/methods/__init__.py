"""The ways to train: a recipe's `method` and its bins make a ColorMethod; a run or a checkpoint gives it back."""

from photochrom.train.methods.base import ColorMethod, Exportable
from photochrom.train.methods.load import SavedMethod, find_checkpoint, load_method, read_checkpoint
from photochrom.train.methods.table import METHODS, build_method

__all__ = [
    "METHODS",
    "ColorMethod",
    "Exportable",
    "SavedMethod",
    "build_method",
    "find_checkpoint",
    "load_method",
    "read_checkpoint",
]
