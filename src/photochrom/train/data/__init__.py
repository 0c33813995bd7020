"""Training pictures: where they come from, which are for validation, and how they reach the device."""

from photochrom.pictures.find import find_pictures
from photochrom.pictures.picture import PICTURES, decode
from photochrom.pictures.shards import shard_pictures
from photochrom.pictures.split import Split, split
from photochrom.pictures.squares import random_crop

__all__ = ["PICTURES", "Split", "decode", "find_pictures", "random_crop", "shard_pictures", "split"]
