"""Training pictures: where they come from, which are for validation, and how they reach the device."""

from photochrom.train.data.crops import random_crop
from photochrom.train.data.reading import PICTURES, decode
from photochrom.train.data.shards import shard_pictures
from photochrom.train.data.sources import find_pictures
from photochrom.train.data.split import Split, split

__all__ = ["PICTURES", "Split", "decode", "find_pictures", "random_crop", "shard_pictures", "split"]
