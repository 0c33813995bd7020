"""Interlaced pictures that don't say that they are, as those of most lossless captures of tapes: libavfilter's idet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice

import av
from av.container import InputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

HEIGHTS = (480, 486, 576, 1080)  # lines of the video that has fields
_PLACES, _PICTURES = 5, 8  # where in a film is looked, and how many pictures there: of 3:2 pulldown, which is no
# interlaced film, some of so many are always whole
_FOUND = "lavfi.idet.single.current_frame"


def order_of_fields(container: InputContainer, stream: VideoStream, *, start: int, length: int) -> str:
    """ "tff" or "bff", whichever field is first, for a film whose pictures are mostly two fields; "" otherwise.

    start, length: in time stamps. The place in the container is another after that.
    """
    found: Counter[frozenset[str]] = Counter()
    for place in range(_PLACES if length else 1):
        try:
            container.seek(start + length * place // _PLACES, stream=stream, backward=True)
            found[frozenset(_told(islice(container.decode(stream), _PICTURES)))] += 1
        except (OSError, av.FFmpegError):  # damaged there; the reader will tell
            continue
    places = {order: found[frozenset([order])] for order in ("tff", "bff")}
    order = max(places, key=lambda name: places[name])
    others = sum(count for said, count in found.items() if order not in said)
    return order if min(places.values()) == 0 and places[order] > max(1, others) else ""


def graph_of(filter: str, arguments: str, image: VideoFrame) -> Graph:
    """One filter, for pictures like this one."""
    graph = Graph()
    source = graph.add_buffer(
        width=image.width, height=image.height, format=image.format, time_base=image.time_base or Fraction(1, 1000)
    )
    work, sink = graph.add(filter, arguments), graph.add("buffersink")
    source.link_to(work)
    work.link_to(sink)
    graph.configure()
    return graph


def pulled(graph: Graph) -> Iterator[VideoFrame]:
    """What it gives for the pictures that it has got until now."""
    while True:
        try:
            yield graph.vpull()
        except (EOFError, BlockingIOError):
            return


def _told(images: Iterable[VideoFrame]) -> Iterator[str]:
    """Of pictures that follow each other, what idet says of each."""
    graph: Graph | None = None
    for image in images:
        graph = graph or graph_of("idet", "", image)
        graph.vpush(image)
        for found in pulled(graph):
            yield str(found.metadata.get(_FOUND, ""))
