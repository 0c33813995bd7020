"""Near-infrared photographs: leaves are bright, the sky and water dark, and ink and dyes often vanish."""

from photochrom.color.levels import SHOWING, full_range, sensor_levels
from photochrom.color.lightness import shrink_lightness
from photochrom.color.overlay import with_margin
from photochrom.color.tint import describe
from photochrom.domains.domain import Domain

INFRARED = Domain(
    name="infrared",
    help="Near-infrared photographs.",
    thing="a near-infrared photograph",
    prepare=shrink_lightness,
    levels=sensor_levels,
    show=full_range,
    showing=SHOWING,
    frame=lambda pixels, intensity, empty: with_margin(None, pixels, empty),
    judge=describe,
)
