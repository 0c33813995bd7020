"""Finding, splitting, cropping, ordering and keeping pictures."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_training import draw_pictures, tiny_recipe

from photochrom.errors import PictureError, TrainingError, UsageError
from photochrom.evaluate.given import open_square
from photochrom.pictures.find import find_pictures
from photochrom.pictures.split import Split, split
from photochrom.pictures.squares import chance, random_boxes
from photochrom.train.data.counting import count_bins
from photochrom.train.data.left_out import LeftOut
from photochrom.train.data.module import PictureData, seed_step
from photochrom.train.data.order import TrainOrder, ValidationOrder
from photochrom.train.data.pictures import Squares, View, collate
from photochrom.train.data.resident import load_resident
from photochrom.train.losses.bins import Bins
from tests.picture_files import write_shard


def encoded(shade: int, size: tuple[int, int] = (40, 30), format: str = "PNG") -> bytes:
    memory = io.BytesIO()
    Image.new("RGB", size, (shade, 100, 50)).save(memory, format)
    return memory.getvalue()


# Finding


def test_a_folder_with_everything_below_it(tmp_path: Path) -> None:
    draw_pictures(tmp_path / "a" / "deep", 3, suffix=".jpg")
    draw_pictures(tmp_path / ".hidden", 2)
    write_shard(tmp_path / "b.tar", {"x.webp": encoded(1, format="WEBP"), "x.json": b"{}"})
    (tmp_path / "notes.txt").write_text("no picture")
    found = find_pictures([tmp_path])
    assert sorted(Path(p.where).name for p in found) == ["000.jpg", "001.jpg", "002.jpg", "b.tar:x.webp"]
    assert all(p.pixels().shape[2] == 3 for p in found)
    assert find_pictures([tmp_path]) == found


@pytest.mark.parametrize("place", ["nowhere", "empty"])
def test_places_without_pictures(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=place):
        find_pictures([tmp_path / place])


def test_of_a_pair_the_colour_picture_is_taken(tmp_path: Path) -> None:
    members = {"k1.rgb.webp": encoded(9), "k1.ir.webp": encoded(8), "deep/k2.png": encoded(7), "v1.5.png": encoded(6)}
    found = find_pictures([write_shard(tmp_path / "pairs.tar", members)])
    assert [p.name for p in found] == ["k1.rgb.webp", "deep/k2.png", "v1.5.png"]
    assert tuple(found[0].pixels()[0, 0]) == (9, 100, 50)


def test_a_damaged_shard(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"no tar at all" * 100)
    with pytest.raises(PictureError, match=r"x\.tar"):
        find_pictures([tmp_path])


def test_cifar_as_pickles(tmp_path: Path) -> None:
    planes = np.arange(4 * 3072, dtype=np.uint32).astype(np.uint8).reshape(4, 3072)
    for name in ("data_batch_1", "test_batch"):
        (tmp_path / name).write_bytes(pickle.dumps({b"data": planes, b"labels": [0] * 4}, protocol=2))
    found = find_pictures([tmp_path])
    assert [p.part for p in found] == ["train"] * 4 + ["validation"] * 4
    np.testing.assert_array_equal(found[1].pixels(), planes[1].reshape(3, 32, 32).transpose(1, 2, 0))
    parts = split(found)
    assert (len(parts.train), len(parts.validation)) == (4, 4)


def test_cifar_as_pictures(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3)).astype(np.uint8)
    Image.fromarray(pixels.reshape(5, 1024, 3)).save(tmp_path / "data_batch_1.png")
    found = find_pictures([tmp_path])
    np.testing.assert_array_equal(found[3].pixels(), pixels[3])


def test_a_pickle_that_would_run_something(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return eval, ("1/0",)

    (tmp_path / "data_batch_1").write_bytes(pickle.dumps({b"data": Evil()}))
    with pytest.raises(PictureError, match=r"builtins\.eval"):
        find_pictures([tmp_path])


# Splitting


def test_the_split_is_stable_when_pictures_are_added_or_moved(tmp_path: Path) -> None:
    draw_pictures(tmp_path, 60)
    before = split(find_pictures([tmp_path]))
    assert 4 <= len(before.validation) <= 22
    validation = {Path(p.name).name for p in before.validation}
    (tmp_path / "sub").mkdir()
    for path in list(tmp_path.glob("00*.png")):
        path.rename(tmp_path / "sub" / path.name)
    for i in range(60, 90):
        Image.new("RGB", (9, 9), (i, 0, 0)).save(tmp_path / f"new{i}.png")
    after = split(find_pictures([tmp_path]))
    assert {Path(p.name).name for p in after.validation if "new" not in p.name} == validation


def test_copies_share_a_part_and_neither_is_empty(tmp_path: Path) -> None:
    for i in range(3):
        (tmp_path / f"copy{i}.png").write_bytes(encoded(1))
    (tmp_path / "other.png").write_bytes(encoded(2))
    parts = split(find_pictures([tmp_path]))
    assert sorted([len(parts.train), len(parts.validation)]) == [1, 3]
    (tmp_path / "other.png").unlink()
    with pytest.raises(UsageError, match="at least 2"):
        split(find_pictures([tmp_path]))


def test_a_limit_keeps_the_same_pictures(tmp_path: Path) -> None:
    found = find_pictures([draw_pictures(tmp_path, 40)])
    few, more = (
        {p.name for part in (s.train, s.validation) for p in part} for s in (split(found, 0.2, n) for n in (10, 20))
    )
    assert len(few) == 10 and few < more
    assert split(found).sha256 == split(found[::-1]).sha256 != split(found, 0.2, 10).sha256


def test_exactly_a_fifth(tmp_path: Path) -> None:
    draw_pictures(tmp_path, 43)
    for i in range(2):
        (tmp_path / f"copy{i}.png").write_bytes((tmp_path / "000.png").read_bytes())
    found = find_pictures([tmp_path])
    parts = split(found, "exact")
    assert (len(parts.train), len(parts.validation)) == (36, 9)
    assert {p.digest for p in parts.train}.isdisjoint(p.digest for p in parts.validation)
    assert split(found, "exact", 20).sha256 != split(found, "exact").sha256
    assert len(split(found, "exact", 20).validation) == 4


def test_so_many_to_train_on_and_so_many_for_validation(tmp_path: Path) -> None:
    found = find_pictures([draw_pictures(tmp_path, 30)])
    parts = split(found, "20/5", 7)  # counts say it all
    assert (len(parts.train), len(parts.validation)) == (20, 5)
    assert split(found[::-1], "20/5").sha256 == parts.sha256
    assert not split(found, "30/0").validation
    with pytest.raises(UsageError, match=r"data\.validation = 8000/2000 needs 10000 pictures, and there are 30: "):
        split(found, "8000/2000")


def test_the_validation_pictures_by_name(tmp_path: Path) -> None:
    draw_pictures(tmp_path / "pictures" / "deep", 6)
    found = find_pictures([tmp_path / "pictures"])
    names = tmp_path / "validation.txt"
    names.write_text(f"# ours\n001.png\ndeep/003.png\n\n{found[5].where}\n")
    assert [Path(p.name).stem for p in split(found, str(names)).validation] == ["001", "003", "005"]
    names.write_text("gone.png\n001.png\nlost.png\n")
    with pytest.raises(UsageError, match=r"names 'gone\.png' and 1 more, which are not among the 6 pictures"):
        split(found, str(names))
    with pytest.raises(UsageError, match=r"'exakt' is no text file .* give a share, exact, counts"):
        split(found, "exakt")


# Squares


def test_chance_depends_on_the_picture_alone() -> None:
    one = chance(1, 2, np.array([7]), 3)
    np.testing.assert_array_equal(chance(1, 2, np.array([3, 7, 9]), 3)[1], one[0])
    many = chance(0, 0, np.arange(10000), 3)
    assert 0 <= many.min() < 0.001 and 0.999 < many.max() < 1
    np.testing.assert_allclose(many.mean(0), 0.5, atol=0.02)
    assert np.abs(np.corrcoef(many.T) - np.eye(3)).max() < 0.05
    for other in ((1, 3), (2, 2)):
        assert not np.array_equal(chance(*other, np.array([7]), 3), one)


def test_squares_lie_within_the_picture() -> None:
    sizes = np.array([[300, 32], [32, 300], [50, 50]] * 100)
    left, top, side = random_boxes(sizes, 1.25, chance(0, 0, np.arange(300), 3)).T
    assert (left >= 0).all() and (top >= 0).all()
    assert (left + side <= sizes[:, 0] + 1e-9).all() and (top + side <= sizes[:, 1] + 1e-9).all()
    assert side.min() < sizes.min() / 1.2


@pytest.mark.parametrize("size", [(32, 300), (300, 32), (50, 50), (500, 400)])
def test_squares_of_any_picture(tmp_path: Path, size: tuple[int, int]) -> None:
    (picture,) = find_pictures([draw_pictures(tmp_path, 1, size)])
    for epoch in range(5):
        assert View(64, random=True, zoom=1.25).take(picture, epoch, 0).shape == (64, 64, 3)


@pytest.mark.parametrize("random", [True, False])
def test_from_memory_and_from_the_file_are_the_same_squares(tmp_path: Path, random: bool) -> None:
    draw_pictures(tmp_path / "a", 6, (90, 60))
    draw_pictures(tmp_path / "b", 3, (40, 150))
    draw_pictures(tmp_path / "c", 3, (24, 24))
    pictures = find_pictures([tmp_path])
    view = View(32, random=random, zoom=1.25 if random else 1.0, seed=5)
    kept = load_resident(pictures, view, room=10**6)
    assert kept is not None and len(kept) == 12
    indices = np.array([3, 0, 11, 7, 9])
    ours = kept.squares(view, 4, indices)
    assert ours.shape == (5, 3, 32, 32) and ours.dtype == torch.uint8
    files = Squares({"rgb": pictures}, view)
    theirs = collate([files[4, int(i)] for i in indices])["rgb"]
    difference = (ours.float() - theirs.float()).abs()
    assert difference.mean() < (3 if random else 1e-9), "smooth pictures hardly depend on the filter"
    if random:
        assert not torch.equal(kept.squares(view, 5, indices), ours), "another epoch, other squares"


def test_what_is_learned_from_is_what_is_measured_on(tmp_path: Path) -> None:
    draw_pictures(tmp_path, 3, (90, 61))
    for picture in find_pictures([tmp_path]):
        np.testing.assert_array_equal(View(32).take(picture, 0, 0), open_square(picture, 32))


def test_what_does_not_fit_is_not_kept(tmp_path: Path) -> None:
    pictures = find_pictures([draw_pictures(tmp_path, 5)])
    assert load_resident(pictures, View(32), room=5 * 32 * 32 * 3) is not None
    assert load_resident(pictures, View(32), room=5 * 32 * 32 * 3 - 1) is None


def test_sixteen_bit_palette_and_turned_pictures(tmp_path: Path) -> None:
    Image.new("P", (40, 30)).save(tmp_path / "palette.png", transparency=b"\x10\x20")
    Image.new("CMYK", (40, 30)).save(tmp_path / "cmyk.jpg")
    turned = Image.new("RGB", (400, 300), "red")
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    pictures = {p.name: p.pixels(32) for p in find_pictures([tmp_path])}
    assert {(p.ndim, p.shape[2], p.dtype.name) for p in pictures.values()} == {(3, 3, "uint8")}
    height, width = pictures["turned.jpg"].shape[:2]
    assert width < height and width >= 32, "upright, and no larger than needed"
    assert height < 400


# Order


def test_every_picture_once_an_epoch_and_full_batches() -> None:
    order = TrainOrder([22], 4, seed=1, position=lambda: (0, 0))
    assert len(order) == 5
    rows = [i for batch in order for _, i in batch]
    assert len(rows) == len(set(rows)) == 20


def test_the_order_goes_on_in_mid_epoch() -> None:
    whole = list(TrainOrder([22], 4, seed=1, position=lambda: (3, 0)))
    assert list(TrainOrder([22], 4, seed=1, position=lambda: (3, 2))) == whole[2:]
    assert list(TrainOrder([22], 4, seed=1, position=lambda: (4, 0))) != whole
    assert list(TrainOrder([22], 4, seed=2, position=lambda: (3, 0))) != whole


def test_processes_share_the_batches_of_one() -> None:
    alone = list(TrainOrder([22], 4, seed=1, position=lambda: (0, 0)))
    shares = [list(TrainOrder([22], 4, seed=1, position=lambda: (0, 0), rank=r, world=2)) for r in (0, 1)]
    assert [a + b for a, b in zip(*shares, strict=True)] == alone
    with pytest.raises(UsageError, match="multiple of 3"):
        TrainOrder([22], 4, seed=1, position=lambda: (0, 0), rank=0, world=3)
    seen = [i for r in range(3) for batch in ValidationOrder([10], 2, rank=r, world=3) for _, i in batch]
    assert sorted(seen) == list(range(10))


def test_a_batch_larger_than_all_pictures_and_a_second_smaller_set() -> None:
    order = TrainOrder([5, 2], 16, seed=0, position=lambda: (0, 0))
    (batch,) = order
    assert sorted(i for _, i, _ in batch) == [0, 1, 2, 3, 4]
    assert {j for *_, j in batch} == {0, 1}


# Broken pictures


def test_broken_pictures_are_replaced_and_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    draw_pictures(tmp_path, 4)
    (tmp_path / "broken.png").write_bytes((tmp_path / "000.png").read_bytes()[:60])
    (tmp_path / "empty.jpg").write_bytes(b"")
    pictures = find_pictures([tmp_path])
    names = [Path(p.name).name for p in pictures]
    squares = Squares({"rgb": pictures}, View(16))
    batch = collate([squares[0, i] for i in range(len(pictures))])
    assert batch["rgb"].shape == (6, 3, 16, 16)
    told = {Path(name).name for name, _ in batch["broken"]}
    assert told == {"broken.png", "empty.jpg"}
    assert torch.equal(squares[0, names.index("empty.jpg")]["rgb"], squares[7, names.index("empty.jpg")]["rgb"])
    left_out = LeftOut(1000)
    for _ in range(3):
        left_out.add(batch["broken"])
    assert len(left_out.names) == 2
    assert caplog.text.count("broken.png") == 1, "once, however often it is met"
    with pytest.raises(TrainingError, match=r"2 of 7 pictures can't be read: .*broken\.png.*; .*empty\.jpg"):
        LeftOut(7).add(batch["broken"])


def test_dull_pictures_are_left_out_of_training(tmp_path: Path) -> None:
    draw_pictures(tmp_path, 12)
    for i in range(12):
        Image.new("RGB", (40, 40), (i, i, i)).save(tmp_path / f"grey{i}.png")
    pictures = find_pictures([tmp_path])
    squares = Squares({"rgb": pictures}, View(16), least_colorful=10)
    for i in range(len(pictures)):
        item = squares[0, i]
        assert (item["rgb"][0] != item["rgb"][1]).any()
        assert item["broken"] == []
    kept = load_resident(pictures, View(16), room=10**6, least_colorful=10)
    assert kept is not None and len(kept) == 12


# The module without a trainer


@pytest.mark.parametrize("resident", ["yes", "no"])
def test_batches(tmp_path: Path, resident: str) -> None:
    recipe = tiny_recipe(data={"resident": resident, "other": "x"})
    parts = split(find_pictures([draw_pictures(tmp_path, 20)]), 0.25)
    data = PictureData(recipe, parts, parts)
    data.setup("fit")
    batches = [data.on_before_batch_transfer(b, 0) for b in data.train_dataloader()]
    batch = data.transfer_batch_to_device(batches[0], torch.device("cpu"), 0)
    assert set(batch) == {"rgb", "other"}
    assert batch["rgb"].shape == batch["other"].shape == (4, 3, 32, 32)
    assert batch["rgb"].dtype == torch.uint8
    rest = [data.on_before_batch_transfer(b, 0) for b in data.val_dataloader()]
    count = sum(len(data.transfer_batch_to_device(b, torch.device("cpu"), 0)["rgb"]) for b in rest)
    assert count == len(parts.validation)


@pytest.mark.parametrize("resident", ["yes", "no"])
@pytest.mark.parametrize("batch", [1, 4])
def test_no_picture_is_paired_with_itself(tmp_path: Path, resident: str, batch: int) -> None:
    recipe = tiny_recipe(data={"resident": resident, "crop": "centre"}, train={"batch": batch})
    parts = split(find_pictures([draw_pictures(tmp_path, 8)]), 0.25)
    data = PictureData(recipe, parts, parts)
    data.setup("fit")
    for raw in data.train_dataloader():
        squares = data.transfer_batch_to_device(data.on_before_batch_transfer(raw, 0), torch.device("cpu"), 0)
        assert all(not torch.equal(one, other) for one, other in zip(squares["rgb"], squares["other"], strict=True))
    with pytest.raises(UsageError, match="at least 2"):
        PictureData(recipe, *[Split(parts.train[:1], [])] * 2).train_dataloader()


def test_a_run_shorter_than_one_round_does_not_decode_everything(tmp_path: Path) -> None:
    parts = split(find_pictures([draw_pictures(tmp_path, 20)]), 0.25)
    recipe = tiny_recipe(data={"resident": "auto"})
    short, long = (PictureData(recipe, parts, cache_in_memory=whether) for whether in (False, True))
    short.setup("fit")
    long.setup("fit")
    assert not short.residents
    assert set(long.residents) == {"train", "validation"}


def test_the_chance_of_a_step_begins_anew() -> None:
    seed_step(1, 5, 0)
    first = torch.rand(3), np.random.rand()
    torch.rand(100)
    seed_step(1, 5, 0)
    assert torch.equal(torch.rand(3), first[0]) and np.random.rand() == first[1]
    seed_step(1, 5, 1)
    assert not torch.equal(torch.rand(3), first[0])


# Bins


def test_bins_of_pictures(tmp_path: Path) -> None:
    pictures = find_pictures([draw_pictures(tmp_path / "a", 6)])
    used = count_bins(pictures, tiny_recipe())
    assert used.centres.shape == (len(used.prior), 2)
    assert used.prior.min() > 0 and used.prior.sum() == pytest.approx(1)
    every = count_bins(pictures, tiny_recipe(loss={"bins": "gamut"}))
    assert len(every.centres) == 313
    assert {tuple(c) for c in used.centres} <= {tuple(c) for c in every.centres}
    used.save(tmp_path / "bins.npz")
    np.testing.assert_array_equal(Bins.load(tmp_path / "bins.npz").centres, used.centres)
    with pytest.raises(UsageError, match="photochrom bins"):
        Bins.load(tmp_path / "a" / "000.png")
