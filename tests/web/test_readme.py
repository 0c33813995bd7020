"""README's lines that ask a server, against a real one."""

import re
import subprocess
from pathlib import Path

from PIL import Image

from tests.test_readme import README, ROOT, asks_a_server, blocks


def test_curl_and_python_colour_a_picture(started, tmp_path: Path, monkeypatch) -> None:
    _, place = started("--model", "photo-fast")
    monkeypatch.chdir(tmp_path)
    Path("old.jpg").write_bytes((ROOT / "samples" / "cat.jpg").read_bytes())
    asked = [line for block in blocks("sh") for line in block.splitlines() if asks_a_server(line)]
    snippets = [block for block in blocks("python") if asks_a_server(block)]
    assert asked and snippets
    for number, text in enumerate(asked + snippets):
        here = re.sub(r"http://127\.0\.0\.1:8000/", place, text)
        Path("new.jpg").unlink(missing_ok=True)
        if number < len(asked):
            subprocess.run(["bash", "-c", here], check=True, capture_output=True)
        else:
            exec(here, {})
        with Image.open("new.jpg") as image:
            assert image.mode == "RGB" and image.format == "JPEG"


def test_nothing_of_readme_is_passed_over() -> None:
    assert "photochrom serve" in README
