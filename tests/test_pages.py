"""All pages of a file: which are read, what comes out, and what is told."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom.codec.page_writing import page_writer
from photochrom.codec.pages import parse_pages
from photochrom.errors import OutputError, PictureError, PictureTooLargeError, PictureWarning, UsageError
from photochrom.photo import Photo
from tests.picture_files import tiff
from tests.test_cli import Cli, cli

__all__ = ["cli"]  # the fixture
Draw = Callable[..., Path]

RNG = np.random.default_rng(7)
FRAMES = [Image.fromarray(RNG.integers(0, 256, (30, 40), np.uint8)) for _ in range(4)]
TIMES = [100, 200, 300, 400]  # ms


def several(format: str, frames: list[Image.Image] = FRAMES, **options: object) -> bytes:
    memory = io.BytesIO()
    frames[0].save(memory, format, save_all=True, append_images=frames[1:], **options)
    return memory.getvalue()


def grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))[..., 0]  # of FakeModel's results red is the picture's own


def mpo() -> bytes:
    """Of four sizes, each with its own comment: Pillow's own writer gives wrong offsets for more than two."""
    photos = [Photo(np.asarray(frame)[: 20 + n], comments=(b"no %d" % n,)) for n, frame in enumerate(FRAMES)]
    memory = io.BytesIO()
    writer = page_writer(memory, "JPEG", count=len(photos))
    for photo in photos:
        writer.add(photo)
    writer.finish()
    return memory.getvalue()


ANIMATIONS = {
    "gif": several("GIF", duration=TIMES, loop=2),
    "webp": several("WEBP", duration=TIMES, loop=3, lossless=True),
    "png": several("PNG", duration=TIMES, loop=3),
}


@pytest.mark.parametrize("kind", ANIMATIONS)
def test_an_animation_stays_one_with_all_its_times(cli: Cli, tmp_path: Path, kind: str) -> None:
    (tmp_path / f"a.{kind}").write_bytes(ANIMATIONS[kind])
    run = cli(f"a.{kind}", "--pages", "all")
    assert (run.code, run.out) == (0, f"a.{kind} -> a.color.{kind}\n")
    assert ("256 colours" in run.err) == (kind == "gif")
    with Image.open(tmp_path / f"a.color.{kind}") as image:
        assert image.n_frames == 4
        assert image.info["loop"] == (2 if kind == "gif" else 3)
        for n, frame in enumerate(FRAMES):
            image.seek(n)
            image.load()
            assert image.info["duration"] == TIMES[n]
            far = np.abs(grey(image).astype(int) - np.asarray(frame)).mean()
            assert far < 12 if kind == "gif" else far == 0


def test_frames_are_what_is_seen(tmp_path: Path) -> None:
    """Parts that are laid on what was there before, transparent places, and disposal."""
    steps = [Image.new("RGBA", (40, 30), (200, 200, 200, 255))]
    for n in range(3):
        steps.append(Image.new("RGBA", (40, 30), (0, 0, 0, 0)))
        steps[-1].paste((50 * n, 50 * n, 50 * n, 255), (5 * n, 0, 5 * n + 9, 20))
    for disposal in (0, 2):
        data = several("PNG", steps, duration=50, disposal=disposal, blend=1)
        with Image.open(io.BytesIO(data)) as image:
            for n, photo in enumerate(Photo.open_pages(data)):
                image.seek(n)
                np.testing.assert_array_equal(photo.to_array(), np.asarray(image.convert("RGBA")))


def test_a_clear_gif_is_clear_again(cli: Cli, tmp_path: Path) -> None:
    frames = [frame.convert("RGBA") for frame in FRAMES]
    for n, frame in enumerate(frames):
        frame.paste((0, 0, 0, 0), (5 * n, 5, 5 * n + 8, 20))
    (tmp_path / "a.gif").write_bytes(several("GIF", frames, duration=80, disposal=2))
    assert cli("a.gif", "--pages", "all").code == 0
    with Image.open(tmp_path / "a.color.gif") as image:
        for n, frame in enumerate(frames):
            image.seek(n)
            np.testing.assert_array_equal(np.asarray(image.convert("RGBA"))[..., 3], np.asarray(frame)[..., 3])


def test_pages_of_a_tiff_keep_their_size_depth_and_tags(cli: Cli, tmp_path: Path) -> None:
    pages = [
        Photo(RNG.integers(0, 256, (30, 40), np.uint8), dpi=(300, 300), comments=(b"first",)),
        Photo(RNG.integers(0, 65536, (20, 50), np.uint16), dpi=(72, 72)),
        Photo(RNG.integers(0, 256, (25, 15, 3), np.uint8), np.full((25, 15), 90, np.uint8), compressed=False),
    ]
    Photo.save_pages(pages, tmp_path / "a.tif")
    assert cli("a.tif", "--pages", "all").out == "a.tif -> a.color.tif\n"
    colored = list(Photo.open_pages(tmp_path / "a.color.tif"))
    assert [(p.size, p.bits, p.dpi, p.compressed) for p in colored] == [
        (p.size, p.bits, p.dpi, p.compressed) for p in pages
    ]
    np.testing.assert_array_equal(colored[1].pixels[..., 0], pages[1].pixels)
    np.testing.assert_array_equal(colored[2].alpha, pages[2].alpha)
    with Image.open(tmp_path / "a.color.tif") as image:
        assert (image.n_frames, image.tag_v2[270], image.tag_v2[297]) == (3, "first", (0, 3))
        image.seek(2)
        assert (image.tag_v2[254], image.tag_v2[297]) == (2, (2, 3))


def test_pictures_of_an_mpo_stay_together(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(mpo())
    assert "only the first" in cli("a.jpg", "-o", "one.jpg").err
    assert cli("a.jpg", "--pages", "all").out == "a.jpg -> a.color.jpg\n"
    with Image.open(tmp_path / "a.color.jpg") as image:
        assert (image.format, image.n_frames) == ("MPO", 4)
        image.seek(3)
        image.load()
        assert image.size == (40, 23)
    assert [p.comments for p in Photo.open_pages(tmp_path / "a.color.jpg")] == [(b"no %d" % n,) for n in range(4)]


def test_an_mpo_with_a_wrong_index_is_read() -> None:
    assert [p.size for p in Photo.open_pages(several("MPO"))] == [(40, 30)] * 4


def test_what_can_not_be_together_gets_numbers(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(tiff(np.asarray(FRAMES[0]), pages=11))
    run = cli("a.tif", "--pages", "2,9-10", "--format", "png", "--variants", "2", "--json")
    record = run.records[0]
    first = [f"a.color-p{n}.png" for n in ("02", "09", "10")]
    assert record["outputs"] == first + [f"a.color-2-p{n}.png" for n in ("02", "09", "10")]
    assert (record["output"], record["pages"], record["variants"]) == (first[0], [2, 9, 10], record["outputs"][3:])
    assert all((tmp_path / name).exists() for name in record["outputs"])
    (tmp_path / first[1]).unlink()
    assert cli("a.tif", "--pages", "2,9-10", "--format", "png").code == 1  # they are there
    again = cli("a.tif", "--pages", "2,9-10", "--format", "png", "--variants", "2", "--skip-done")
    assert (again.code, again.err) == (0, "1 done, 0 failed\n") and (tmp_path / first[1]).exists()
    assert cli(".", "-r", "--pages", "all", "-o", "out").out == "a.tif -> out/a.color.tif\n"
    assert cli(".", "-r", "--pages", "all", "-o", "out", "--skip-done").err == "0 done, 0 failed, 1 there already\n"


def test_a_single_picture_is_what_it_is_without_pages(cli: Cli, draw: Draw, tmp_path: Path) -> None:
    draw("a.jpg")
    cli("a.jpg", "-o", "one.jpg")
    assert cli("a.jpg", "--pages", "all", "-o", "all.jpg").code == 0
    assert (tmp_path / "one.jpg").read_bytes() == (tmp_path / "all.jpg").read_bytes()


@pytest.mark.parametrize("text", ["", "0", "x", "1-0", "3-2", "-2", "1,,2", "1-2-3", "²", "99999999999"])
def test_words_that_are_no_pages(cli: Cli, text: str) -> None:
    if text:
        run = cli("a.tif", "--pages", text)
        assert run.code == 2 and "1,3-5" in run.err and run.err.count("\n") == 1
    with pytest.raises(UsageError, match="1,3-5"):
        next(Photo.open_pages(b"", pages=text))


def test_numbers_of_pages() -> None:
    assert parse_pages(" ALL ")(3) == [1, 2, 3]
    assert parse_pages("3-,1")(5) == [1, 3, 4, 5]
    assert parse_pages("2-3, 3, 9")(4) == [2, 3, 9]


def test_a_page_that_is_not_there_fails_alone(cli: Cli, tmp_path: Path) -> None:
    for n, count in enumerate((2, 5)):
        (tmp_path / f"{n}.tif").write_bytes(tiff(np.asarray(FRAMES[0]), pages=count))
    run = cli("0.tif", "1.tif", "--pages", "2-4")
    assert run.code == 1 and run.out == "1.tif -> 1.color.tif\n"
    assert "0.tif has 2 pages; there is no page 3" in run.err


def test_nothing_is_left_of_a_file_whose_third_page_is_broken(cli: Cli, tmp_path: Path) -> None:
    data = tiff(np.asarray(FRAMES[0]), pages=3)
    (tmp_path / "a.tif").write_bytes(broken_page(data))
    run = cli("a.tif", "--pages", "all")
    assert run.code == 1 and "page 3 of a.tif" in run.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tif"]
    kept = cli("a.tif", "--pages", "all", "--salvage")
    assert kept.code == 0 and "page 3 of a.tif" in kept.err
    with Image.open(tmp_path / "a.color.tif") as image:
        assert image.n_frames == 2


def broken_page(data: bytes) -> bytes:
    """With a last page that has no width."""
    with Image.open(io.BytesIO(data)) as image:
        image.seek(2)
        at = image._frame_pos[2]  # type: ignore[attr-defined]
    place = next(p for p in range(at + 2, at + 2 + 12 * 20, 12) if data[p : p + 2] == b"\x11\x01")  # tag 273
    return data[:place] + b"\x99\x99" + data[place + 2 :]


@pytest.mark.parametrize("kind", ["gif", "png"])
def test_an_animation_that_ends_early_is_refused(kind: str) -> None:
    data = ANIMATIONS[kind]
    half = len(data) // 2
    with pytest.raises(PictureError):
        list(Photo.open_pages(data[:half]))
    with pytest.raises(PictureError):
        list(Photo.open_pages(data[:half] + bytes(9) + data[half + 9 :] if kind == "png" else data[:-1]))
    if kind == "gif":
        with pytest.warns(PictureWarning, match="end early"):
            assert len(list(Photo.open_pages(data[:-1], salvage=True))) == 4


def test_frames_that_would_not_fit_are_refused_before(cli: Cli, tmp_path: Path) -> None:
    frames = [Image.new("L", (2000, 2000), n) for n in range(12)]
    (tmp_path / "a.gif").write_bytes(several("GIF", frames, duration=50))
    run = cli("a.gif", "--pages", "all", "--max-memory", "400M")
    assert run.code == 1 and "12 frames of a.gif would need" in run.err
    assert cli("a.gif", "--pages", "1-2", "--max-memory", "400M").code == 0


def test_to_stdout_and_from_stdin(tmp_path: Path) -> None:
    from tests.test_cli_process import run

    data = tiff(np.asarray(FRAMES[0]), pages=3)
    done = run("-", "--pages", "all", cwd=tmp_path, stdin=data)
    with Image.open(io.BytesIO(done.stdout)) as image:
        assert image.n_frames == 3
    refused = run("-", "--pages", "all", "--format", "png", cwd=tmp_path, stdin=data)
    assert (refused.returncode, refused.stdout) == (1, b"") and b"-o new.png" in refused.stderr
    named = run("-", "--pages", "1,3", "-o", "new.png", "--json", cwd=tmp_path, stdin=data)
    assert json.loads(named.stdout.splitlines()[0])["outputs"] == ["new-p1.png", "new-p3.png"]


def test_memory_is_told_before_it_is_taken(tmp_path: Path) -> None:
    blank = tiff(np.zeros((2000, 2000), np.uint8))
    with pytest.raises(PictureTooLargeError, match=r"4\.0 megapixels .* limit of 0\.2 GiB.*--max-memory"):
        Photo.open(blank, max_memory=200 << 20)
    assert Photo.open(blank, max_memory=400 << 20).size == (2000, 2000)
    memory = io.BytesIO()
    Image.new("1", (16000, 12000)).save(memory, "PNG")  # whole, of 24 kB
    with pytest.raises(PictureTooLargeError, match=r"limit of 1\.0 GiB"):
        Photo.open(memory.getvalue())


def test_what_save_pages_refuses(tmp_path: Path) -> None:
    photos = [Photo(np.zeros((3, 4), np.uint8)), Photo(np.zeros((5, 4), np.uint8))]
    with pytest.raises(OutputError, match="duration"):
        Photo.save_pages(photos, tmp_path / "a.png")
    with pytest.raises(UsageError, match="at least one"):
        Photo.save_pages([], tmp_path / "a.tif")
    photos[0].duration = photos[1].duration = 50.0
    with pytest.raises(OutputError, match="one size"):
        Photo.save_pages(photos, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())
