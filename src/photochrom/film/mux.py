"""The new film: its coded pictures, and everything else of the old one as it was, packet by packet."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from photochrom.atomic import atomic_write
from photochrom.errors import OutputError, UsageError
from photochrom.film.encoder import Coding
from photochrom.film.formats import MUXERS
from photochrom.film.info import FilmInfo, opened
from photochrom.film.rising import Rising
from photochrom.film.segments import Segment, decode_times

_BUFFER = 1 << 20  # bytes written at a time
# What MP4 and QuickTime have boxes of their own for; other words need boxes that fewer players look into.
_TAGS = frozenset({
    "album", "album_artist", "artist", "comment", "compilation", "composer", "copyright", "creation_time", "date",
    "description", "disc", "encoder", "episode_id", "episode_sort", "gapless_playback", "genre", "grouping", "hd_video",
    "keywords", "location", "lyrics", "media_type", "network", "season_number", "show", "synopsis", "title", "track",
    "year",
})  # fmt: skip
_BRANDS = ("major_brand", "minor_version", "compatible_brands")


@dataclass(frozen=True)
class Part:
    """Which part of the film is written: time stamps of the pictures, `end` not included; None for all of it.

    With a part of it, the first picture's time becomes 0.
    """

    start: int
    end: int | None


def check_streams(info: FilmInfo, coding: Coding, container: str) -> list[str]:
    """Whether everything in the film goes into a container, a key of MUXERS: a note for each stream that doesn't.

    Raises UsageError where sound or subtitles would be lost.
    """
    notes: list[str] = []
    with opened(info.path) as (source, _):
        _planned(source, coding, io.BytesIO(), container, notes)
    return notes


def write_film(
    info: FilmInfo,
    coding: Coding,
    segments: Sequence[Segment],
    target: Path,
    *,
    container: str,
    part: Part | None = None,
    overwrite: bool = False,
) -> None:
    """Write the film whole, or nothing. Raises OutputError, OutputExistsError."""
    with opened(info.path) as (source, _), atomic_write(target, overwrite=overwrite) as file:
        film, own, copies = _planned(source, coding, file, container, [])
        shift = part.start if part else 0
        try:
            pictures = _pictures(info, segments, own, shift)
            others = _others(source, copies, info, part)
            for packet in _in_order(pictures, others):
                film.mux_one(packet)
            film.close()
        except OSError:
            raise
        except (av.FFmpegError, ValueError) as error:
            raise OutputError(f"can't write {target}: {error}; choose another --container") from error


def _planned(
    source: InputContainer, coding: Coding, file: IO[bytes], container: str, notes: list[str]
) -> tuple[OutputContainer, VideoStream, dict[int, Stream]]:
    """The new film with its header, and the stream of its pictures, and the others by the index of those they copy."""
    try:
        return _begun(source, coding, file, container, notes, data=True)
    except (av.FFmpegError, OSError):
        if not any(stream.type in ("data", "attachment") for stream in source.streams):
            raise
        file.seek(0)
        file.truncate()
        del notes[:]
        return _begun(source, coding, file, container, notes, data=False)


def _begun(
    source: InputContainer, coding: Coding, file: IO[bytes], container: str, notes: list[str], *, data: bool
) -> tuple[OutputContainer, VideoStream, dict[int, Stream]]:
    words = {key: value for key, value in source.metadata.items() if key not in _BRANDS}
    flags = {"movflags": "use_metadata_tags"} if set(words) - _TAGS and container in ("mp4", "mov") else {}
    film = av.open(file, "w", format=MUXERS[container], container_options=flags, buffer_size=_BUFFER)
    film.metadata.update(words)
    own: VideoStream | None = None
    copies: dict[int, Stream] = {}
    for stream in source.streams:
        if stream.index == coding.info.index:
            made = film.add_stream(coding.name, rate=coding.info.rate, options=dict(coding.options))
            assert isinstance(made, VideoStream)
            own = made
            coding.set_up(own)
            own.time_base = coding.info.time_base
            own.metadata.update({key: value for key, value in stream.metadata.items() if key != "encoder"})
            own.disposition = stream.disposition
            if coding.info.display_matrix:
                own.set_display_matrix(coding.info.display_matrix)
        elif stream.type == "attachment":
            if container == "mkv":
                film.add_attachment(
                    stream.metadata.get("filename", "attachment"),
                    stream.metadata.get("mimetype", "application/octet-stream"),
                    stream.data,  # type: ignore[attr-defined]  # Stream is what a StreamContainer says it holds
                )
            else:
                notes.append(f"{container} holds no attachments: {stream.metadata.get('filename', 'one')} is left out")
        elif stream.type == "data" and _is_remade(stream, source):
            continue
        elif stream.type not in ("video", "audio", "subtitle") and not data:
            notes.append(f"{container} doesn't hold stream {stream.index} ({stream.type}): it is left out")
        else:
            copies[stream.index] = _copied(film, stream, container)
    film.set_chapters(source.chapters())
    film.start_encoding()
    assert own is not None
    return film, own, copies


def _is_remade(stream: Stream, source: InputContainer) -> bool:
    """Whether the muxer writes that stream anew: time codes, by what the stream of the pictures says, and chapters."""
    chapters = source.chapters()
    return "timecode" in stream.metadata or (
        bool(chapters) and stream.name == "bin_data" and stream.frames == len(chapters)
    )


def _copied(film: OutputContainer, stream: Stream, container: str) -> Stream:
    try:
        copy = film.add_stream_from_template(stream, opaque=True)
    except ValueError:
        name = stream.codec_context.name if stream.codec_context else stream.type
        fitting = next(kind for kind in ("mkv", "mov") if kind != container)
        raise UsageError(
            f"{container} can't hold the film's stream {stream.index} ({stream.type}, {name}); "
            f"add --container {fitting}, or name a file that ends in .{fitting}"
        ) from None
    copy.metadata.update(stream.metadata)
    copy.disposition = stream.disposition
    return copy


def _pictures(info: FilmInfo, segments: Sequence[Segment], stream: Stream, shift: int) -> Iterator[Packet[Any]]:
    times = decode_times(segments)
    for segment in segments:
        for coded in segment.packets():
            packet = Packet(coded.data)
            packet.stream, packet.time_base = stream, info.time_base
            packet.pts, packet.dts, packet.duration = coded.time - shift, next(times) - shift, coded.duration
            packet.is_keyframe = coded.key
            yield packet


def _others(
    source: InputContainer, streams: dict[int, Stream], info: FilmInfo, part: Part | None
) -> Iterator[Packet[Any]]:
    if not streams:
        return
    begin = part.start * info.time_base if part else Fraction(0)
    end = part.end * info.time_base if part and part.end is not None else None
    packets = source.demux([source.streams[index] for index in streams])
    clocks = {index: Rising(source.streams[index].time_base or Fraction(1, 1000)) for index in streams}
    while True:
        try:
            packet = next(packets)
        except (StopIteration, OSError, av.FFmpegError):  # as far as the film can be read
            return
        if not packet.size:
            continue
        base, time = packet.time_base, packet.pts if packet.pts is not None else packet.dts
        if part and time is not None:
            if time * base < begin or (end is not None and time * base >= end):
                continue
            packet.pts = None if packet.pts is None else packet.pts - round(begin / base)
            packet.dts = None if packet.dts is None else packet.dts - round(begin / base)
        if packet.dts is not None:  # a film that was put together of several may begin again at 0
            later = clocks[packet.stream.index].next(packet.dts, step=packet.duration or 0)[0] - packet.dts
            packet.dts += later
            packet.pts = None if packet.pts is None else packet.pts + later
        packet.stream = streams[packet.stream.index]
        yield packet


def _in_order(*sources: Iterator[Packet[Any]]) -> Iterator[Packet[Any]]:
    """Packets of several sources by the time at which they are decoded, each source in its own order."""
    waiting = [(packet, source) for source in sources if (packet := next(source, None))]
    while waiting:
        first = min(waiting, key=lambda pair: _due(pair[0]))
        place = waiting.index(first)
        yield first[0]
        after = next(first[1], None)
        waiting[place : place + 1] = [(after, first[1])] if after else []


def _due(packet: Packet[Any]) -> Fraction:
    time = packet.dts if packet.dts is not None else packet.pts
    return Fraction(0) if time is None else time * packet.time_base
