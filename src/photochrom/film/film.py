"""One film from its file to the coloured one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from av.packet import Packet
from av.video.frame import VideoFrame

import photochrom
from photochrom.color.tint import Tint
from photochrom.colorizer import Colorizer
from photochrom.errors import PictureError
from photochrom.film.clock import clock
from photochrom.film.encoder import Coding, coding_for
from photochrom.film.follow import looking_from, places_in
from photochrom.film.formats import container_for
from photochrom.film.info import FilmInfo, probe
from photochrom.film.looking import EVERY, Colors
from photochrom.film.mux import Part, check_streams, write_film
from photochrom.film.options import FilmOptions
from photochrom.film.raster import Raster
from photochrom.film.reader import Reader
from photochrom.film.samples import painter_for
from photochrom.film.segments import Segments
from photochrom.film.stages import run_stages
from photochrom.film.step import Step
from photochrom.film.timed import TimedHint
from photochrom.progress import Progress, silent
from photochrom.settings import Settings

_AHEAD = 6 << 20  # bytes of luma that wait between two stages, about
_SHORTEST, _LONGEST = 96, 250  # pictures of a segment: at a cut from the first on, anywhere at the second


@dataclass
class FilmResult:
    """What became of a film. count: pictures written. notes: what deserves a second look, a sentence each. error: why
    the new film is shorter than the old one should be."""

    count: int = 0
    notes: list[str] = field(default_factory=list)
    error: PictureError | None = None


def color_film(
    source: Path,
    target: Path,
    colorizer: Colorizer,
    *,
    settings: Settings | None = None,
    options: FilmOptions | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> FilmResult:
    """Colour a film and write it to `target` whole, with all its other streams as they were.

    What is done already is kept in a hidden folder beside `target`: the same call goes on there after the process was
    killed. Raises PictureError (can't be read), OutputError, OutputExistsError, UsageError, ModelError.
    """
    settings, options = settings or Settings(), options or FilmOptions()
    info = probe(source)
    coding = coding_for(info, options)
    container = options.container or target.suffix[1:].lower() or container_for(source.suffix, options.codec)
    streams = check_streams(info, coding, container)
    work = _Work(info, coding, colorizer, settings, options)
    result = FilmResult(notes=[*work.notes, *streams])
    segments = Segments(target, work.about())
    try:
        work.color(segments, result, progress)
        progress("Joining", 0, 0)
        write_film(info, coding, segments.done(), target, container=container, part=work.part(), overwrite=overwrite)
    except BaseException:
        segments.remove(if_empty=True)
        raise
    segments.remove()
    if work.reader.ended:
        result.error = PictureError(
            f"{source}: {work.reader.ended}; the film as far as {clock(work.reader.reached)} is in {target}"
        )
    return result


class _Work:
    def __init__(
        self, info: FilmInfo, coding: Coding, colorizer: Colorizer, settings: Settings, options: FilmOptions
    ) -> None:
        self.info, self.coding, self.settings, self.options = info, coding, settings, options
        self.raster = Raster(info, coding.format)
        self.painter, self.notes = painter_for(colorizer, settings, info, self.raster, options)
        self.colors = Colors(self.painter, deflicker=options.deflicker)
        self.start = info.time_at(options.start or 0.0)
        self.end = None if options.end is None else info.time_at(options.end)
        self.reader = self._reader(self.start)
        first = tuple(TimedHint(hint=hint) for hint in settings.guide.hints)
        self.hints = tuple(replace(one, hint=self.painter.placed(one.hint)) for one in (*first, *options.hints))

    def about(self) -> object:
        """All that the coded pictures depend on."""
        seen = self.info.path.stat()
        return {
            "film": [str(self.info.path.resolve()), seen.st_size, seen.st_mtime_ns],
            "settings": self.settings.to_dict(),
            "options": asdict(self.options),
            "coding": [self.coding.name, self.coding.format, self.coding.options],
            "model": self.painter.colorizer.info.sha256,
            "version": photochrom.__version__,
        }

    def part(self) -> Part | None:
        """What is written of the film."""
        whole = self.options.start is None and self.options.end is None
        return None if whole else Part(self.start, self.end)

    def color(self, segments: Segments, result: FilmResult, progress: Progress) -> None:
        """Code all pictures that no segment holds yet."""
        done = segments.done()
        result.count = done[-1].last if done else 0
        after = max((packet.time for packet in done[-1].packets(data=False)), default=None) if done else None
        if self.hints:
            first = looking_from(self.hints, self.start, self.info)
            frames = self._reader(first, needed=False).frames()
            self.colors.hints = places_in(
                frames,
                self.painter,
                self.hints,
                self.info,
                begin=self.start,
                whole=self.part() is None,
                progress=progress,
            )
        self.reader = self._reader(self.start if after is None else after + 1, needed=after is None)
        total = self._total()
        stages = [*self.colors.stages, ("painting", self._painted)]
        made = run_stages(self.reader.frames(), stages, name="decoding", ahead=self._ahead())
        with closing(made):
            coder = _Coder(self.coding, segments, result.count)
            for image, cut in made:
                coder.add(image, cut)
                result.count += 1
                progress(f"Colouring {self.info.path.name}", result.count, max(total, result.count))
            coder.finish()
        result.notes += self.reader.notes
        if 2 * self.colors.tints.count("color") > len(self.colors.tints):
            result.notes.append("it has colour already: its own colours are replaced")

    def _painted(self, steps: Iterator[Step]) -> Iterator[tuple[VideoFrame, bool]]:
        tint: Tint | None = None
        for step in steps:
            tint = step.tint if step.motion is None else tint
            image = self.painter.picture(step, tint)
            image.pts, image.duration, image.time_base = step.frame.time, step.frame.duration, self.info.time_base
            yield image, step.motion is None

    def _reader(self, start: int, *, needed: bool = True) -> Reader:
        return Reader(self.info, start=start, end=self.end, deinterlace=self.options.deinterlace, needed=needed)

    def _ahead(self) -> int:
        """How many pictures wait between two stages: those from key to key, which are finished at once, or fewer large
        ones."""
        width, height = self.info.size
        return min(max(_AHEAD // (width * height * -(-self.info.bits // 8)), 3), EVERY + 2)

    def _total(self) -> int:
        """About how many pictures there are to be, 0 if nobody knows."""
        if self.part() is None:
            return self.info.count
        end = self.info.seconds if self.options.end is None else min(self.options.end, self.info.seconds)
        return max(0, round((end - (self.options.start or 0.0)) * self.info.rate))


class _Coder:
    """Codes pictures into segments."""

    def __init__(self, coding: Coding, segments: Segments, first: int) -> None:
        self._coding, self._segments, self._first = coding, segments, first
        self._context = coding.context()
        self._packets: list[Packet[Any]] = []
        self._count = 0

    def add(self, image: VideoFrame, cut: bool) -> None:
        """The next picture. cut: it begins a shot."""
        if self._count >= (_SHORTEST if cut else _LONGEST):
            self.finish()
            self._context = self._coding.context()
        self._packets += self._context.encode(image)
        self._count += 1

    def finish(self) -> None:
        """Keep what has been coded."""
        if self._count:
            self._packets += self._context.encode(None)
            self._segments.write(self._first, self._packets)
            self._first += self._count
            self._packets, self._count = [], 0
