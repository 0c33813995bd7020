"""Thermal (long-wave infrared) frames: what is shown is warmth, so every colour is invented."""

from dataclasses import replace

from photochrom.color.false_color import false_palette, true_intensity
from photochrom.color.levels import SHOWING, full_range, sensor_levels
from photochrom.color.lightness import shrink_lightness
from photochrom.color.overlay import find_overlay, with_margin
from photochrom.color.tint import describe
from photochrom.domains.domain import Domain
from photochrom.photo import Photo


def warmth(photo: Photo) -> Photo:
    """A frame in false colours as the grey one that was painted with them; a grey one as it is."""
    if photo.pixels.ndim == 2:
        return photo
    if palette := false_palette(photo.pixels):
        note = f"{photo.name} is in the false colours of the palette {palette}: they are turned back into warmth"
        return replace(photo, pixels=true_intensity(photo.pixels, palette), notes=(*photo.notes, note))
    if describe(photo.pixels).kind == "color":
        note = f"{photo.name} is in colour, of no palette that is known: its lightness is taken for warmth"
        return replace(photo, notes=(*photo.notes, note))
    return photo


THERMAL = Domain(
    name="thermal",
    help="Frames of thermal cameras.",
    thing="a thermal frame",
    clean=warmth,
    prepare=shrink_lightness,
    levels=sensor_levels,
    show=full_range,
    showing=SHOWING,
    frame=lambda pixels, intensity, empty: with_margin(find_overlay(pixels), pixels, empty),
)
