"""Which pictures a run is about and what their results are called."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from photochrom.batch.plan import plan
from photochrom.errors import OutputError, PictureError, UsageError

Draw = Callable[..., Path]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def names(*given: str, **options: object) -> dict[str, str]:
    """Input -> output (or the kind of error) of a plan."""
    made = plan(given, **options)  # type: ignore[arg-type]
    return {
        j.source.as_posix(): type(j.error).__name__ if j.error else " ".join(p.as_posix() for p in j.outputs)
        for j in made.jobs
    }


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("old.jpg", "old.color.jpg"),
        ("OLD.JPEG", "OLD.color.JPEG"),
        ("scan.tif", "scan.color.tif"),
        ("phone.heic", "phone.color.png"),  # can't be written: PNG loses nothing
        ("loop.gif", "loop.color.png"),
        ("no suffix", "no suffix.color.png"),
        ("1923.Anna", "1923.Anna.color.png"),
        ("many.dots.in.it.png", "many.dots.in.it.color.png"),
        (".hidden.jpg", ".hidden.color.jpg"),
        ("größe 日本.png", "größe 日本.color.png"),
        ("-r.png", "-r.color.png"),
        ("[1].png", "[1].color.png"),
    ],
)
def test_result_lies_beside_the_picture_with_its_suffix(tmp_path: Path, source: str, result: str) -> None:
    (tmp_path / source).touch()
    assert names(source) == {source: result}


def test_format_changes_the_suffix_only_where_it_must(tmp_path: Path) -> None:
    for name in ("a.jpeg", "b.png"):
        (tmp_path / name).touch()
    assert names("a.jpeg", "b.png", format="jpg") == {"a.jpeg": "a.color.jpeg", "b.png": "b.color.jpg"}


def test_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"(?i)gif.*jpeg.*png.*tiff"):
        plan(["a.jpg"], format="gif")


def test_variants_are_numbered(draw: Draw) -> None:
    draw("a.jpg")
    assert names("a.jpg", variants=3) == {"a.jpg": "a.color.jpg a.color-2.jpg a.color-3.jpg"}
    assert names("a.jpg", variants=2, output="b.png") == {"a.jpg": "b.png b-2.png"}


def test_output_is_a_file_a_folder_or_a_new_folder(draw: Draw, tmp_path: Path) -> None:
    draw("in/a.jpg")
    (tmp_path / "there.png").mkdir()
    assert names("in/a.jpg", output="new.png") == {"in/a.jpg": "new.png"}
    assert names("in/a.jpg", output="new.png/") == {"in/a.jpg": "new.png/a.color.jpg"}
    assert names("in/a.jpg", output="there.png") == {"in/a.jpg": "there.png/a.color.jpg"}
    assert names("in/a.jpg", output="new") == {"in/a.jpg": "new/a.color.jpg"}


def test_options_that_contradict_each_other_are_refused(draw: Draw) -> None:
    draw("a.jpg"), draw("b.jpg")
    with pytest.raises(UsageError, match="folder"):
        plan(["a.jpg", "b.jpg"], output="c.jpg")
    with pytest.raises(UsageError, match="folder"):
        plan(["."], recursive=True, output="c.jpg")
    with pytest.raises(UsageError, match="--format"):
        plan(["a.jpg"], output="c.jpg", format="png")
    with pytest.raises(UsageError, match=r"(?i)gif"):
        plan(["a.jpg"], output="c.gif")


def test_folder_is_mirrored_and_its_other_files_counted(draw: Draw, tmp_path: Path) -> None:
    for name in ("in/b.png", "in/a.jpg", "in/deep/er/a.jpg", "in/.hidden/x.jpg", "in/._a.jpg", "in/a.color.jpg"):
        draw(name)
    draw("in/deep/a.color-2.jpg")
    (tmp_path / "in/notes.txt").touch()
    (tmp_path / "in/Thumbs.db").touch()
    made = plan(["in"], recursive=True, output="out")
    assert [(j.source.as_posix(), j.outputs[0].as_posix()) for j in made.jobs] == [
        ("in/a.jpg", "out/a.color.jpg"),
        ("in/b.png", "out/b.color.png"),
        ("in/deep/er/a.jpg", "out/deep/er/a.color.jpg"),
    ]
    assert made.passed.why == {"hidden": 2, "not_pictures": 2, "results": 2}


def test_several_folders_keep_their_names(draw: Draw) -> None:
    draw("x/a.jpg"), draw("y/a.jpg")
    assert names("x", "y/", recursive=True, output="out") == {
        "x/a.jpg": "out/x/a.color.jpg",
        "y/a.jpg": "out/y/a.color.jpg",
    }


def test_folder_without_r_and_missing_file_are_errors_of_their_own(draw: Draw) -> None:
    draw("in/a.jpg"), draw("b.jpg")
    assert names("in", "missing.jpg", "b.jpg") == {
        "in": "PictureError",
        "missing.jpg": "PictureError",
        "b.jpg": "b.color.jpg",
    }
    assert "-r" in str(plan(["in"]).jobs[0].error)


def test_patterns_the_shell_left_alone(draw: Draw) -> None:
    draw("in/2.jpg"), draw("in/1.jpg"), draw("in/deep/3.jpg"), draw("in/[x].jpg")
    assert list(names("in/?.jpg")) == ["in/1.jpg", "in/2.jpg"]
    assert names("in/**/3.jpg", output="out") == {"in/deep/3.jpg": "out/deep/3.color.jpg"}
    assert names("in/[x].jpg") == {"in/[x].jpg": "in/[x].color.jpg"}  # a file of that very name comes first
    assert names("in/*.tif") == {"in/*.tif": "PictureError"}


def test_one_picture_named_twice_is_coloured_once(draw: Draw) -> None:
    draw("a.jpg")
    assert names("a.jpg", "./a.jpg", "*.jpg") == {"a.jpg": "a.color.jpg"}


def test_second_run_over_a_pattern_leaves_its_results_alone(draw: Draw) -> None:
    draw("a.jpg"), draw("a.color.jpg"), draw("a.color-2.jpg"), draw("b.color.jpg")
    # b.color.jpg is not ours: there is no b
    assert names("*.jpg") == {"a.jpg": "a.color.jpg", "b.color.jpg": "b.color.color.jpg"}


def test_same_name_two_formats(draw: Draw) -> None:
    draw("a.png"), draw("a.jpg"), draw("a.tif")
    wanted = {"a.jpg": "a.color.jpg", "a.png": "a.png.color.jpg", "a.tif": "a.tif.color.jpg"}
    assert names("a.jpg", "a.png", "a.tif", format="jpeg") == wanted
    assert names("a.tif", "a.png", "a.jpg", format="jpeg") == wanted  # whatever the order
    assert names(".", recursive=True, format="jpeg") == wanted


def test_same_name_from_two_folders_never_shares_a_result(draw: Draw) -> None:
    draw("x/a.jpg"), draw("y/a.jpg")
    apart = {"x/a.jpg": "out/x/a.color.jpg", "y/a.jpg": "out/y/a.color.jpg"}
    assert names("x/a.jpg", "y/a.jpg", output="out") == apart
    assert names("y/a.jpg", "x/a.jpg", output="out") == apart  # whatever the order
    draw("x/s/b.jpg"), draw("y/s/b.jpg"), draw("c.jpg")
    assert names("x/s/b.jpg", "c.jpg", "y/s/b.jpg", output="out") == {
        "x/s/b.jpg": "out/x/s/b.color.jpg",
        "c.jpg": "out/c.color.jpg",
        "y/s/b.jpg": "out/y/s/b.color.jpg",
    }
    assert names("x/s", "y/s", recursive=True, output="out") == {
        "x/s/b.jpg": "out/x/s/b.color.jpg",
        "y/s/b.jpg": "out/y/s/b.color.jpg",
    }


def test_names_that_differ_in_case_alone_keep_apart_wherever_they_go(draw: Draw, tmp_path: Path) -> None:
    draw("x/Scan.jpg"), draw("y/scan.jpg")
    assert names("x/Scan.jpg", "y/scan.jpg", output="card") == {
        "x/Scan.jpg": "card/x/Scan.color.jpg",
        "y/scan.jpg": "card/y/scan.color.jpg",
    }
    draw("in/a.jpg")
    if (tmp_path / "in/A.jpg").exists():
        return  # this system doesn't tell them apart
    draw("in/A.jpg")
    assert names("in", recursive=True) == {"in/A.jpg": "in/A.color.jpg", "in/a.jpg": "in/a.color.jpg"}
    apart = {"in/A.jpg": "card/A.color.jpg", "in/a.jpg": "card/a~2.color.jpg"}
    assert names("in", recursive=True, output="card") == apart
    assert names("in/a.jpg", "in/A.jpg", output="card", variants=1) == apart
    draw("in/A.png"), draw("in/a.webp")
    assert len({n.casefold() for n in names("in", recursive=True, output="card", format="png").values()}) == 4


def test_a_picture_is_never_replaced_by_a_result(draw: Draw, tmp_path: Path) -> None:
    draw("a.jpg")
    os.link(tmp_path / "a.jpg", tmp_path / "hard.jpg")
    (tmp_path / "soft.jpg").symlink_to("a.jpg")
    for target in ("a.jpg", "./a.jpg", "hard.jpg", "soft.jpg"):
        (job,) = plan(["a.jpg"], output=target).jobs
        assert isinstance(job.error, OutputError), target
        assert not job.outputs
    draw("b/a.jpg"), draw("b/a.color.jpg")
    made = plan(["a.jpg", "b/a.color.jpg"], output="b")
    assert isinstance(made.jobs[0].error, OutputError)


def test_links_that_loop_end(draw: Draw, tmp_path: Path) -> None:
    draw("in/a.jpg")
    (tmp_path / "in/again").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in/self.jpg").symlink_to("self.jpg")
    (tmp_path / "in/gone.jpg").symlink_to("nowhere.jpg")
    assert names("in", recursive=True).keys() == {"in/a.jpg", "in/self.jpg", "in/gone.jpg"}


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes only there")
def test_name_that_is_not_text(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    open(raw, "wb").close()
    (job,) = plan([os.fsdecode(raw)]).jobs
    assert os.fsencode(job.outputs[0]).endswith(b"/caf\xe9.color.jpg")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_folder_that_may_not_be_read_is_an_error(draw: Draw, tmp_path: Path) -> None:
    draw("in/a.jpg"), draw("in/locked/b.jpg")
    (tmp_path / "in/locked").chmod(0)
    try:
        jobs = plan(["in"], recursive=True).jobs
    finally:
        (tmp_path / "in/locked").chmod(0o755)
    assert [isinstance(j.error, PictureError) for j in jobs] == [False, True]


def test_a_folder_that_is_called_as_a_file_is_ends_with_a_slash(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch(), (tmp_path / "b.jpg").touch()
    for given in (["a.jpg"], ["a.jpg", "b.jpg"]):
        with pytest.raises(UsageError, match=r"-o out\.xyz ends as a file does.* name it out\.xyz/"):
            plan(given, output="out.xyz")
        assert names(*given, output="out.xyz/")["a.jpg"] == "out.xyz/a.color.jpg"
    for folder in ("scans.2024", "of.Anna.and.Bernd"):
        assert names("a.jpg", output=folder) == {"a.jpg": f"{folder}/a.color.jpg"}
    (tmp_path / "there.xyz").mkdir()
    assert names("a.jpg", output="there.xyz") == {"a.jpg": "there.xyz/a.color.jpg"}
