"""A film goes through whole: pictures, times, sound, words, colour description. The network is a drawn one."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame

from photochrom import Colorizer
from photochrom.color.lab import rgb_to_lab
from photochrom.film.film import color_film
from photochrom.film.info import FilmInfo, probe
from photochrom.film.looking import Colors
from photochrom.film.options import FilmOptions
from photochrom.film.painter import Painter
from photochrom.film.raster import Raster
from photochrom.film.reader import Frame
from photochrom.settings import Settings
from tests.film.films import FilmMaker, Seen, Sound, moving, seen

BARS = [16, 235, 180, 131, 112, 84, 65, 35]


def bars(n: int, size: tuple[int, int]) -> np.ndarray:
    return np.repeat(np.array(BARS, float), size[0] // 8)[None].repeat(size[1], 0)


def lightness_moved(before: Seen, after: Seen) -> float:
    """The mean change of L* over all pixels of all pictures, as decoded."""
    return float(
        np.mean(
            [
                np.abs(rgb_to_lab(new / 255.0)[..., 0] - rgb_to_lab(old / 255.0)[..., 0]).mean()
                for old, new in zip(before.rgb, after.rgb, strict=True)
            ]
        )
    )


def colored(source: Path, target: Path, colorizer: Colorizer, **options: object) -> Path:
    result = color_film(source, target, colorizer, options=FilmOptions(**options))
    assert result.error is None
    assert [path.name for path in target.parent.iterdir() if path.name.startswith(".")] == []
    return target


def test_few_pictures_are_held_at_once(colorizer: Colorizer) -> None:
    """However long a shot is, and whatever flashes in it: what is read and not yet given on stays bounded."""
    image = VideoFrame.from_ndarray(moving(0, (96, 64)).astype(np.uint8), "gray")
    info = FilmInfo.of_image(image)
    painter = Painter(colorizer, Settings(), info, Raster(info, "yuv420p"))
    read = given = most = 0

    def frames() -> Iterator[Frame]:
        nonlocal read
        for n in range(180):
            read += 1
            luma = moving(n % 60, (96, 64)) if n % 47 else np.full((64, 96), 225)
            yield Frame(n, 1, VideoFrame.from_ndarray(luma.astype(np.uint8), "gray"))

    for _ in Colors(painter).steps(frames()):
        given += 1
        most = max(most, read - given)
    assert given == read == 180 and most <= 45


def test_everything_that_is_no_picture_is_copied(tmp_path: Path, colorizer: Colorizer) -> None:
    maker = FilmMaker(sound=Sound(), subtitles="mov_text", metadata={"title": "Old", "reel": "7"}, chapters=True)
    source = maker.write(tmp_path / "old.mp4")
    before, after = seen(source), seen(colored(source, tmp_path / "new.mp4", colorizer))
    assert before.types == after.types == ["video", "audio", "subtitle", "data"]  # the last one: chapters
    assert (
        before.packets == after.packets and len(before.packets[1]) > 10 and len(before.packets[2]) == 4
    )  # two of them say that nothing is shown
    assert before.times == after.times and before.stamp == after.stamp
    assert after.metadata["title"] == "Old" and after.chapters == before.chapters and len(after.chapters) == 2


@pytest.mark.parametrize(
    ("name", "result", "maker"),
    [
        (
            "a.mkv",
            "mkv",
            FilmMaker("ffv1", sound=Sound("pcm_s16le"), subtitles="subrip", attachment=b"font", chapters=True),
        ),
        ("a.mov", "mov", FilmMaker("prores_ks", "yuv422p10le", sound=Sound("pcm_s16le"))),
        ("a.avi", "mov", FilmMaker("mjpeg", "yuvj420p", unit=Fraction(1001, 30000), sound=Sound("pcm_s16le", 44100))),
        ("a.webm", "mkv", FilmMaker("libvpx-vp9", sound=Sound("libopus"), options={"deadline": "realtime"})),
        ("a.mpg", "mp4", FilmMaker("mpeg2video", sound=Sound("mp2"))),
        ("a.ts", "mp4", FilmMaker("mpeg2video", "yuv422p", sound=Sound("mp2"))),
        ("a.dv", "mov", FilmMaker("dvvideo", size=(720, 576), times=range(4), sound=Sound("pcm_s16le"))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_kinds_of_films(name: str, result: str, maker: FilmMaker, tmp_path: Path, colorizer: Colorizer) -> None:
    source = maker.write(tmp_path / name)
    before, after = seen(source), seen(colored(source, tmp_path / f"new.{result}", colorizer))
    rounding = Fraction(1, 2000) if result == "mkv" else 0  # Matroska has whole milliseconds
    assert len(before.times) == len(after.times) == len(maker.times)
    assert all(abs(a - b) <= rounding for a, b in zip(before.times, after.times, strict=True))
    assert after.types[: len(before.types)] == before.types  # of DV, a stream of its time codes comes after
    for stream, mine in before.packets.items():
        kept = [data for _, data in after.packets[stream]]
        assert b"".join(kept) == b"".join(data for _, data in mine)  # readers cut PCM where they like
    depth = "10le" if "10" in maker.format else ""
    assert after.video["codec"] == "h264" and after.video["format"].endswith(f"p{depth}")
    assert np.ptp(after.rgb[0].astype(int), axis=-1).mean() > 5


def test_uneven_times_stay_exact(tmp_path: Path, colorizer: Colorizer) -> None:
    times = [0, 7, 8, 30, 31, 77, 100, 101, 102, 500, 501, 990]
    source = FilmMaker(times=times, unit=Fraction(1, 15360), rate=25, sound=Sound()).write(tmp_path / "old.mp4")
    before, after = seen(source), seen(colored(source, tmp_path / "new.mp4", colorizer))
    assert after.times == before.times == [Fraction(time, 15360) for time in times]


@pytest.mark.parametrize("codec", ["h264", "h265", "av1", "prores", "ffv1"])
def test_codecs(codec: str, tmp_path: Path, colorizer: Colorizer) -> None:
    source = FilmMaker(format="yuv420p10le").write(tmp_path / "old.mp4")
    suffix = {"prores": "mov", "ffv1": "mkv"}.get(codec, "mp4")
    before, after = seen(source), seen(colored(source, tmp_path / f"new.{suffix}", colorizer, codec=codec))
    assert "p10le" in after.video["format"]
    assert len(after.times) == 12 and after.times == before.times  # 25 a second, so in milliseconds too
    assert lightness_moved(before, after) < (1 if codec in ("h264", "h265", "av1") else 0.4)


@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("matrix", [1, 5], ids=["bt709", "bt601"])
def test_lightness_of_colour_bars_stays(matrix: int, full: bool, tmp_path: Path, colorizer: Colorizer) -> None:
    video = {"colorspace": matrix, "color_primaries": matrix, "color_trc": 1 if matrix == 1 else 6}
    video["color_range"] = 2 if full else 1
    source = FilmMaker(size=(128, 64), times=range(3), draw=bars, video=video).write(tmp_path / "old.mp4")
    before, after = seen(source), seen(colored(source, tmp_path / "new.mp4", colorizer))
    described = {key: after.video[key] for key in ("range", "matrix", "primaries", "transfer")}
    assert described == {key: before.video[key] for key in described} and described["matrix"] == matrix
    assert lightness_moved(before, after) < 1
    middles = [slice(16 * n + 5, 16 * n + 11) for n in range(8)]
    # the drawn network's orange and blue come out as such: its matrix and range are the film's
    ab = rgb_to_lab(after.rgb[1] / 255.0)[..., 1:]
    white, dark = ab[:, middles[2]].mean(axis=(0, 1)), ab[:, middles[6]].mean(axis=(0, 1))
    assert white[0] > 15 and white[1] > 10 and dark[1] < -15


def test_description_of_pictures_stays(tmp_path: Path, colorizer: Colorizer) -> None:
    maker = FilmMaker(turn=90, video={"sample_aspect_ratio": Fraction(16, 11)})
    source = maker.write(tmp_path / "old.mp4")
    before, after = seen(source), seen(colored(source, tmp_path / "new.mp4", colorizer))
    assert after.video["turn"] == before.video["turn"] == 90
    assert after.video["aspect"] == before.video["aspect"] == Fraction(16, 11)
    assert after.video["matrix"] == 2 and after.video["range"] == before.video["range"]


@pytest.mark.parametrize("size", [(97, 65), (96, 65), (97, 64)])
def test_odd_sizes(size: tuple[int, int], tmp_path: Path, colorizer: Colorizer) -> None:
    source = FilmMaker("ffv1", size=size, times=range(3)).write(tmp_path / "old.mkv")
    after = seen(colored(source, tmp_path / "new.mkv", colorizer))
    assert after.luma[0].shape == size[::-1]


@pytest.mark.parametrize(
    ("codec", "format"), [("rawvideo", "bgr24"), ("ffv1", "gray"), ("ffv1", "gray10le"), ("ffv1", "yuv411p")]
)
def test_pixel_formats(codec: str, format: str, tmp_path: Path, colorizer: Colorizer) -> None:
    source = FilmMaker(codec, format, times=range(3)).write(
        tmp_path / ("old.avi" if codec == "rawvideo" else "old.mkv")
    )
    before, after = seen(source), seen(colored(source, tmp_path / "new.mkv", colorizer))
    assert lightness_moved(before, after) < 1


def test_a_part_starts_at_nought_and_keeps_the_sound_in_step(tmp_path: Path, colorizer: Colorizer) -> None:
    source = FilmMaker(times=range(50), sound=Sound()).write(tmp_path / "old.mp4")
    before, after = seen(source), seen(colored(source, tmp_path / "new.mp4", colorizer, start=0.4, end=1.2))
    assert after.times == [Fraction(n, 25) for n in range(20)]
    kept = [(at - Fraction(2, 5), data) for at, data in before.packets[1] if Fraction(2, 5) <= at < Fraction(6, 5)]
    assert [data for _, data in after.packets[1]] == [data for _, data in kept]
    assert abs(after.packets[1][0][0] - kept[0][0]) < Fraction(1, 1000)


def combed(n: int, size: tuple[int, int]) -> np.ndarray:
    """Two fields, of which the second shows the disc further on."""
    whole = moving(2 * n, size)
    whole[1::2] = moving(2 * n + 4, size)[1::2]
    return whole


def test_interlaced_pictures_are_made_whole(tmp_path: Path, colorizer: Colorizer) -> None:
    options = {"flags": "+ildct+ilme", "top": "1", "qscale:v": "2"}
    maker = FilmMaker(
        "mpeg2video", size=(160, 96), draw=combed, options=options, video={"field_order": 2}, interlaced=True
    )
    source = maker.write(tmp_path / "old.mpg")
    before, after = seen(source), seen(colored(source, tmp_path / "new.mp4", colorizer))
    assert after.times == before.times
    assert combing(after) < 0.6 * combing(before)


def combing(film: Seen) -> float:
    return float(np.abs(2.0 * film.luma[6][1:-1] - film.luma[6][:-2] - film.luma[6][2:]).mean())


@pytest.mark.parametrize(("second", "word"), [(1, "upper"), (0, "lower")])
def test_interlaced_pictures_that_dont_say_it_are_found(
    second: int, word: str, tmp_path: Path, colorizer: Colorizer
) -> None:
    """As those of most captures of tapes; with either field first. second: the first line of the later one."""

    def draw(n: int, size: tuple[int, int]) -> np.ndarray:
        whole = moving(4 * n, size)
        whole[second::2] = moving(4 * n + 2, size)[second::2]
        return whole

    source = FilmMaker("ffv1", size=(160, 480), times=range(20), draw=draw).write(tmp_path / "old.mkv")
    assert probe(source).interlaced
    result = color_film(source, tmp_path / "new.mkv", colorizer)
    assert f"doesn't say so: its pictures are made whole of their two fields ({word} first)" in "".join(result.notes)
    whole, left = seen(tmp_path / "new.mkv"), seen(colored(source, tmp_path / "left.mkv", colorizer, deinterlace=False))
    assert combing(whole) < 0.6 * combing(left)


@pytest.mark.parametrize("seed", [None, 1])
def test_whole_pictures_are_left_whole(seed: int | None, tmp_path: Path) -> None:
    """Those that stand still, and grainy ones that tremble."""

    def draw(n: int, size: tuple[int, int]) -> np.ndarray:
        if seed is None:
            return moving(0, size)
        rng = np.random.default_rng([seed, n])
        return np.roll(moving(n, size), rng.integers(-3, 3), axis=0) + rng.normal(0, 8, size[::-1])

    assert not probe(
        FilmMaker("ffv1", size=(160, 480), times=range(20), draw=draw).write(tmp_path / "old.mkv")
    ).interlaced
