"""Live pictures: from a file, a camera and a stream; the newest counts, what is lost comes back."""

import functools
import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from photochrom import Colorizer
from photochrom.cli.main import app
from photochrom.errors import PictureError, UsageError
from photochrom.film.broadcast import Broadcast
from photochrom.film.live import Eye, run_live
from photochrom.film.newest import Newest
from photochrom.film.recorder import recording
from photochrom.film.source import source_of
from tests.film.films import FilmMaker, moving, seen


def image(n: int) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(moving(n, (96, 64)).astype(np.uint8), "gray")


def endless(pause: float = 0.01) -> Iterator[av.VideoFrame]:
    for n in range(10**6):
        yield image(n)
        time.sleep(pause)


def fetched(address: str, **headers: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10) as answer:
        return answer.read()


def test_a_film_at_its_own_pace(tmp_path: Path, colorizer: Colorizer) -> None:
    source, ends = source_of(str(FilmMaker(times=range(20)).write(tmp_path / "old.mp4")))
    begun = time.monotonic()
    with Broadcast() as broadcast, Newest(source, ends=ends) as newest:
        pace = run_live(newest, colorizer, broadcast)
        assert time.monotonic() - begun > 0.7
        assert pace.shown + newest.dropped == newest.came == 20 and pace.shown >= 2
        jpeg = fetched(f"{broadcast.address}frame.jpg")
        status = json.loads(fetched(f"{broadcast.address}status.json"))
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (64, 96, 3) and np.ptp(picture.astype(int), axis=-1).mean() > 5
    assert status["shown"] == pace.shown and status["latency_ms"] > 0


class Camera:
    """Stands for cv2.VideoCapture: gives so many pictures, then none."""

    opened = 0
    last = 10

    def __init__(self, number: int) -> None:
        Camera.opened += 1
        self._there, self._n = number == 0, 0

    def isOpened(self) -> bool:
        return self._there

    def set(self, what: int, value: float) -> bool:
        return True

    def read(self) -> tuple[bool, np.ndarray | None]:
        time.sleep(0.01)
        self._n += 1
        grey = moving(self._n, (96, 64)).astype(np.uint8)
        return (True, np.stack([grey] * 3, axis=-1)) if self._n <= self.last else (False, None)

    def release(self) -> None:
        pass


def test_a_camera_that_is_lost_comes_back(colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photochrom.film.source.cv2.VideoCapture", Camera)
    monkeypatch.setattr("photochrom.film.newest._WAITS", (0.05, 0.1))
    Camera.opened, told = 0, []
    source, ends = source_of("0")
    with Broadcast() as broadcast, Newest(source, ends=ends, tell=told.append) as newest:
        pace = run_live(newest, colorizer, broadcast, seconds=1.5)
    assert Camera.opened >= 2 and newest.came > 10 and pace.shown > 2
    assert "gives no more pictures" in told[0] and "trying again" in told[0]


def test_a_camera_that_isnt_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photochrom.film.source.cv2.VideoCapture", Camera)
    source, ends = source_of("7")
    with Newest(source, ends=ends) as newest, pytest.raises(PictureError, match="there is no camera 7"):
        newest.take(wait=5)
    with pytest.raises(PictureError, match="there is no file nothing"):
        source_of("nothing")


def test_a_stream_on_loopback(tmp_path: Path, colorizer: Colorizer) -> None:
    with Broadcast() as sender, Newest(endless, ends=False) as pictures:
        source, ends = source_of(f"{sender.address}stream")
        with Broadcast() as broadcast, recording(tmp_path / "out.mp4", overwrite=False) as recorder:

            def send() -> None:
                while not done:
                    taken = pictures.take()
                    if taken:
                        sender.show(cv2.imencode(".jpg", taken.image.to_ndarray(format="gray"))[1].tobytes())

            import threading

            done: list[bool] = []
            thread = threading.Thread(target=send)
            thread.start()
            with Newest(source, ends=ends) as newest:
                pace = run_live(newest, colorizer, broadcast, recorder=recorder, seconds=4)
            done.append(True)
            thread.join()
    assert pace.shown > 3 and pace.latency > 0
    film = seen(tmp_path / "out.mp4")
    assert len(film.times) == pace.shown and film.times[0] == 0
    assert film.times == sorted(set(film.times)) and 0 < film.times[-1] < 4.5


def test_who_is_slow_gets_the_newest(colorizer: Colorizer) -> None:
    with Newest(lambda: endless(0.002), ends=False) as newest:
        for _ in range(4):
            taken = newest.take()
            assert taken is not None and time.monotonic() - taken.at < 0.1
            time.sleep(0.1)
        assert newest.dropped > 10


def test_what_is_slow_drops_pictures_and_never_lags(colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera gives a picture every 10 ms, and each takes over 60 to colour: none waits behind another."""
    plain = Eye.colored

    def slow(self: Eye, image: av.VideoFrame) -> av.VideoFrame:
        time.sleep(0.06)
        return plain(self, image)

    monkeypatch.setattr(Eye, "colored", slow)
    delays: list[float] = []
    with Broadcast() as broadcast, Newest(endless, ends=False) as newest:
        pace = run_live(newest, colorizer, broadcast, seconds=2, delays=delays)
    assert len(delays) == pace.shown > 5 and pace.dropped > 2 * pace.shown
    assert np.median(delays[-5:]) < 0.1 + 1.5 * np.median(delays[1:6])  # with a queue it would grow to a second
    assert min(delays) >= 0.06 and pace.worst >= max(delays[-5:])


def test_a_camera_is_of_one_kind() -> None:
    said = CliRunner().invoke(app, ["live", "--domain", "auto"])
    assert said.exit_code == 2 and "name its domain instead of auto" in said.stderr


def test_pages_of_elsewhere_are_refused() -> None:
    with Broadcast() as broadcast:
        broadcast.show(b"jpeg")
        assert fetched(broadcast.address).startswith(b"<!doctype html>")
        for path, headers in (("", {"Host": "evil.example:80"}), ("other", {})):
            with pytest.raises(urllib.error.HTTPError):
                fetched(broadcast.address + path, **headers)
        with pytest.raises(UsageError, match="can't be used"):
            Broadcast(broadcast.port)


def test_the_verb_ends_with_ctrl_c_and_keeps_its_recording(tmp_path: Path, tiny: Path) -> None:
    source = FilmMaker(times=range(500), options={"preset": "ultrafast"}).write(tmp_path / "old.mp4")
    words = ["--source", str(source), "-m", str(tiny), "--port", "0", "--record", str(tmp_path / "out.mp4")]
    command = [sys.executable, "-m", "photochrom", "live", *words]
    run = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        # ignored, and inherited so, where the tests run in a shell's background
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )
    assert run.stderr
    lines = [run.stderr.readline(), run.stderr.readline()]
    while not re.search(r"([3-9]|\d\d) shown", lines[-1]):
        lines.append(run.stderr.readline())
    run.send_signal(signal.SIGINT)
    rest = run.communicate(timeout=30)[1]
    assert re.search(r"in colour: http://127\.0\.0\.1:\d+/", lines[0])
    assert re.search(r"[\d.]+ frames/s, latency \d+ ms", lines[-1] + rest)
    assert run.returncode == 130
    assert len(seen(tmp_path / "out.mp4").times) > 1
