"""Near-infrared bands of satellites, seen from above: water is black, fields and woods are bright."""

from photochrom.color.levels import SHOWING, full_range, sensor_levels
from photochrom.color.lightness import shrink_lightness
from photochrom.color.overlay import with_margin
from photochrom.color.tint import describe
from photochrom.domains.domain import Domain

SATELLITE = Domain(
    name="satellite",
    help="Near-infrared bands of satellite pictures.",
    thing="a satellite picture",
    to_scale=True,
    prepare=shrink_lightness,
    levels=sensor_levels,
    show=full_range,
    showing=SHOWING,
    frame=lambda pixels, intensity, empty: with_margin(None, pixels, empty),
    judge=describe,
)
