"""Thermal (long-wave infrared) frames: what is shown is warmth, so every colour is invented."""

from photochrom.color.levels import full_range, sensor_levels
from photochrom.color.lightness import shrink_lightness
from photochrom.domains.domain import Domain

THERMAL = Domain(
    name="thermal",
    help="Frames of thermal cameras.",
    prepare=shrink_lightness,
    levels=sensor_levels,
    show=full_range,
)
