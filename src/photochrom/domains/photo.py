"""Photographs: their intensity is their lightness; they may be faded or on a mount; plain bright ground is paper."""

from photochrom.color.contrast import full_contrast
from photochrom.color.frame import find_frame
from photochrom.color.lightness import shrink_lightness
from photochrom.color.paper import even_paper
from photochrom.color.tint import describe
from photochrom.domains.domain import Domain

PHOTO = Domain(
    name="photo",
    help="Black-and-white photographs, grey or toned.",
    thing="a photograph",
    prepare=shrink_lightness,
    show=full_contrast,
    showing="The print is faded: the copy was stretched to full contrast, so that the network knows it again. The "
    "picture itself keeps its own lightness.",
    frame=lambda pixels, lightness, empty: find_frame(lightness, pixels),
    finish=even_paper,
    judge=describe,
)
