"""What is wrong with a film is said in one sentence, and nothing half-written has the new film's name."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import av
import pytest

from photochrom import Colorizer
from photochrom.errors import OutputExistsError, PictureError, UsageError
from photochrom.film.film import color_film
from photochrom.film.options import FilmOptions
from tests.film.films import FilmMaker, Sound, seen, tone


def color(source: Path, target: Path, *options: str, model: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "photochrom", str(source), "-o", str(target), "-m", str(model), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("suffix", "how"),
    [
        ("mp4", {"sound": Sound(), "muxer": {"movflags": "faststart"}, "options": {"g": "10"}}),
        ("avi", {"codec": "mjpeg", "format": "yuvj420p"}),  # libav then believes that it is as long as what is there
    ],
)
def test_cut_short_is_coloured_as_far_as_it_goes(suffix: str, how: dict[str, Any], tmp_path: Path, tiny: Path) -> None:
    source = FilmMaker(times=range(100), **how).write(tmp_path / f"old.{suffix}")
    data = source.read_bytes()
    source.write_bytes(data[: len(data) * 3 // 5])
    run = color(source, tmp_path / "new.mkv", model=tiny)
    assert run.returncode == 1 and "cut short" in run.stderr and "0:04.0" in run.stderr
    assert 20 < len(seen(tmp_path / "new.mkv").times) < 90


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("old.mp4", b"", "is empty"),
        ("old.mp4", b"no film at all" * 99, "can't be read as a film"),
        ("old.avi", b"RIFF\x10\0\0\0AVI LIST", "can't be read as a film"),
    ],
)
def test_no_film(name: str, content: bytes, reason: str, tmp_path: Path, colorizer: Colorizer) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PictureError, match=reason):
        color_film(tmp_path / name, tmp_path / "new.mp4", colorizer)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_options_of_pictures_are_named(tmp_path: Path, tiny: Path) -> None:
    FilmMaker(times=range(3)).write(tmp_path / "old.mp4")
    run = color(tmp_path / "old.mp4", tmp_path / "new.mp4", "--confidence", "--quality", "80", model=tiny)
    assert run.returncode == 0
    assert "--confidence and --quality are for pictures only, without effect on films" in run.stderr


def test_sound_alone(tmp_path: Path, colorizer: Colorizer) -> None:
    with av.open(str(tmp_path / "old.mp4"), "w") as film:
        stream = film.add_stream("aac", rate=48000)
        for frame in tone(stream, 0.2):
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    with pytest.raises(PictureError, match="holds only sound"):
        color_film(tmp_path / "old.mp4", tmp_path / "new.mp4", colorizer)


def test_pictures_that_change_their_size(tmp_path: Path, colorizer: Colorizer) -> None:
    parts = [
        FilmMaker("mpeg2video", size=size).write(tmp_path / f"{n}.m2v") for n, size in enumerate([(96, 64), (64, 48)])
    ]
    source = tmp_path / "old.mpg"
    source.write_bytes(b"".join(part.read_bytes() for part in parts))
    result = color_film(source, tmp_path / "new.mp4", colorizer)
    assert "change from 96x64 yuv420p to 64x48 yuv420p" in str(result.error)
    assert len(seen(tmp_path / "new.mp4").times) == 11  # the decoder drops the last one before the change


def test_time_stamps_that_run_backwards(tmp_path: Path, colorizer: Colorizer) -> None:
    part = FilmMaker("mpeg2video", sound=Sound("mp2")).write(tmp_path / "part.ts")
    source = tmp_path / "old.ts"
    source.write_bytes(part.read_bytes() * 2)
    result = color_film(source, tmp_path / "new.mp4", colorizer)
    times = seen(tmp_path / "new.mp4").times
    assert len(times) == 24 and times == sorted(set(times))
    assert any("time stamps" in note for note in result.notes)


def test_what_is_there_stays(tmp_path: Path, colorizer: Colorizer) -> None:
    source = FilmMaker().write(tmp_path / "old.mp4")
    (tmp_path / "new.mp4").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        color_film(source, tmp_path / "new.mp4", colorizer)
    assert (tmp_path / "new.mp4").read_bytes() == b"mine"


def test_streams_that_the_container_cant_hold(tmp_path: Path, colorizer: Colorizer) -> None:
    source = FilmMaker("ffv1", sound=Sound("pcm_s16le"), subtitles="subrip").write(tmp_path / "old.mkv")
    with pytest.raises(UsageError, match=r"mp4 can't hold .*srt.*--container mkv"):
        color_film(source, tmp_path / "new.mp4", colorizer)


@pytest.mark.skipif(os.name != "posix", reason="limits are of POSIX")
def test_full_disk(tmp_path: Path, tiny: Path) -> None:
    source = FilmMaker(size=(160, 120)).write(tmp_path / "old.mp4")
    limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)); "
    code = f"{limit}from photochrom.cli.main import main; main()"
    command = [sys.executable, "-c", code, str(source), "-o", str(tmp_path / "new.mp4"), "-m", str(tiny)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1 and "can't write" in run.stderr and "too large" in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["old.mp4"]


def test_a_part_beyond_the_end(tmp_path: Path, colorizer: Colorizer) -> None:
    source = FilmMaker().write(tmp_path / "old.mp4")
    with pytest.raises(PictureError, match=r"is 0:00.5 long and has no picture from 0:09.0 on"):
        color_film(source, tmp_path / "new.mp4", colorizer, options=FilmOptions(start=9))
    assert not (tmp_path / "new.mp4").exists()


def test_a_codec_that_this_build_lacks(tmp_path: Path, colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photochrom.film.encoder._ENCODERS", {"h264": "libnobody"})
    with pytest.raises(UsageError, match="this build of PyAV has no libnobody"):
        color_film(FilmMaker().write(tmp_path / "old.mp4"), tmp_path / "new.mp4", colorizer)


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is of POSIX")
def test_goes_on_after_kill_9(tmp_path: Path, tiny: Path) -> None:
    times = [n + n // 7 for n in range(600)]
    source = FilmMaker(size=(160, 120), times=times, sound=Sound()).write(tmp_path / "old.mp4")
    before, target = seen(source), tmp_path / "new.mp4"
    command = [sys.executable, "-m", "photochrom", str(source), "-o", str(target), "-m", str(tiny)]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while run.poll() is None and not list(tmp_path.glob(".*film/*.packets")):
        time.sleep(0.01)
    run.kill()
    assert run.wait() == -signal.SIGKILL and not target.exists()
    assert color(source, target, model=tiny).returncode == 0
    after = seen(target)
    assert len(after.times) == len(before.times) == 600 and after.stamp == before.stamp
    assert after.packets == before.packets
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is of POSIX")
def test_goes_on_where_only_the_joining_is_left(
    tmp_path: Path, colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = FilmMaker(sound=Sound()).write(tmp_path / "old.mp4")
    with monkeypatch.context() as patch:
        patch.setattr(
            "photochrom.film.film.write_film", lambda *args, **kwargs: (_ for _ in ()).throw(OSError(28, "full"))
        )
        with pytest.raises(OSError, match="full"):
            color_film(source, tmp_path / "new.mp4", colorizer)
    assert color_film(source, tmp_path / "new.mp4", colorizer).count == 12
    assert seen(tmp_path / "new.mp4").stamp == seen(source).stamp
