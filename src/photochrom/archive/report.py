"""What an archivist gets at the end: a page to look at, a table for other programs, checksums for a deposit."""

from __future__ import annotations

import base64
import csv
import hashlib
import html
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from string import Template

import numpy as np
from PIL import Image

import photochrom
from photochrom.archive.journal import Journal, Row
from photochrom.atomic import atomic_write
from photochrom.batch.sidecar import SUFFIX as SIDECAR
from photochrom.digest import sha256_of
from photochrom.errors import PhotochromError, PictureTooLargeError, UsageError
from photochrom.photo import read_photo

_SHOWN = 120  # pictures of the contact sheets at most: the page stays a few MB
_SIDE = 220  # px
_LARGE = (
    100e6  # pixels: what has more was perhaps coloured some rows at a time, and is not read as a whole for a thumbnail
)
_AT_ONCE = 10_000  # rows of a table
TABLES = (".csv", ".parquet")
_NAMES = tuple(Row.__dataclass_fields__)


def table(journal: Journal, path: Path) -> None:
    """Every picture with its state, sentence, settings' hash, hashes, confidence: CSV, or Parquet by the suffix.

    Parquet needs pyarrow. Raises UsageError for another suffix, OutputError.
    """
    if path.suffix == ".csv":
        with atomic_write(path, overwrite=True) as out:
            text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
            writer = csv.DictWriter(text, _NAMES)
            writer.writeheader()
            writer.writerows(asdict(row) for row in journal.rows())
            text.detach()
    elif path.suffix == ".parquet":
        _parquet(journal, path)
    else:
        raise UsageError(f"{path} is no table that can be written; use {' or '.join(TABLES)}")


def bag(folder: Path, rows: Iterable[Row]) -> None:
    """BagIt (RFC 8493) manifests for a folder of results, which become its payload: manifest-sha256.txt and bagit.txt.

    The results stay where they are, so the folder is given as `data/` of the bag above it.
    """
    lines = []
    for row in rows:
        if row.state == "done" and row.output_sha256:
            lines.append(f"{row.output_sha256}  data/{row.output}\n")
            sidecar = folder / f"{row.output}{SIDECAR}"
            if sidecar.is_file():
                lines.append(f"{sha256_of(sidecar)}  data/{row.output}{SIDECAR}\n")
    _put(folder.parent / "manifest-sha256.txt", "".join(lines))
    _put(folder.parent / "bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    tags = {name: (folder.parent / name).read_bytes() for name in ("bagit.txt", "manifest-sha256.txt")}
    told = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in tags.items())
    _put(folder.parent / "tagmanifest-sha256.txt", told)


def page(journal: Journal, read: Callable[[str], bytes], *, settings: dict[str, object], model: str) -> str:
    """One HTML file: counts, failures, and the pictures that deserve a human look first, the least sure before others.

    read: the bytes of a result by its name.
    """
    done = sorted((row for row in journal.rows() if row.state == "done"), key=_doubt)
    failed = [row for row in journal.rows() if row.state == "failed"]
    shown = done if len(done) <= _SHOWN else [*done[: _SHOWN // 2], *done[_SHOWN // 2 :: _step(len(done))]][:_SHOWN]
    sure = [row.confidence for row in done if row.confidence is not None]
    cells = "\n".join(_cell(row, read) for row in shown)
    failures = "".join(f"<tr><td>{_text(row.key)}</td><td>{_text(row.error or '')}</td></tr>" for row in failed)
    noted = "".join(f"<tr><td>{_text(row.key)}</td><td>{_text(row.notes)}</td></tr>" for row in done if row.notes)
    return Template(_PAGE).substitute(
        counts=f"{len(done)} done, {len(failed)} failed",
        sure=f"Mean confidence {float(np.mean(sure)):.2f}." if sure else "",
        about=_text(f"photochrom {photochrom.__version__}, model {model}, settings {json.dumps(settings)}"),
        cells=cells,
        few=_text(f"{len(shown)} of {len(done)}" if len(shown) < len(done) else "all"),
        failures=_rows("Failed", failures),
        notes=_rows("To be told", noted),
    )


def _doubt(row: Row) -> tuple[float, str]:
    return (2.0 if row.confidence is None else row.confidence, row.key)


def _step(count: int) -> int:
    return max(1, count // (_SHOWN // 2))


def _cell(row: Row, read: Callable[[str], bytes]) -> str:
    try:
        if (row.width or 0) * (row.height or 0) > _LARGE:
            raise PictureTooLargeError(f"{row.output} is too large to be shown here")
        photo = read_photo(read(row.output or ""))
        image = Image.fromarray(photo.to_array(dtype=np.uint8)[..., :3])
        image.thumbnail((_SIDE, _SIDE))
        memory = io.BytesIO()
        image.save(memory, "JPEG", quality=80)
        source = f"data:image/jpeg;base64,{base64.b64encode(memory.getvalue()).decode()}"
        shown = f'<img alt="" src="{source}" width="{image.width}" height="{image.height}">'
    except PictureTooLargeError:
        shown = "<p>too large to be shown here</p>"
    except (PhotochromError, OSError, KeyError):
        shown = "<p>gone</p>"
    sure = "" if row.confidence is None else f"{row.confidence:.2f}"
    return f"<figure>{shown}<figcaption>{_text(row.key)}<br>{sure}</figcaption></figure>"


def _rows(title: str, rows: str) -> str:
    return f"<h2>{title}</h2><table>{rows}</table>" if rows else ""


def _text(text: str) -> str:
    return html.escape(text.encode("utf-8", "replace").decode())


def _put(path: Path, text: str) -> None:
    with atomic_write(path, overwrite=True) as out:
        out.write(text.encode("utf-8", "surrogateescape"))


def _parquet(journal: Journal, path: Path) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise UsageError("Parquet needs the package pyarrow, which isn't installed: pip install pyarrow") from error
    kinds = dict.fromkeys(_NAMES, pyarrow.string()) | dict.fromkeys(("width", "height"), pyarrow.int64())
    kinds |= dict.fromkeys(("confidence", "seconds", "at"), pyarrow.float64())
    schema = pyarrow.schema(list(kinds.items()))
    rows = journal.rows()
    with atomic_write(path, overwrite=True) as out, parquet.ParquetWriter(out, schema) as writer:
        while many := [asdict(row) for row in islice(rows, _AT_ONCE)]:
            writer.write_batch(pyarrow.RecordBatch.from_pylist(many, schema=schema))


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>photochrom: report</title><style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 80rem; margin: 1rem auto; padding: 0 1rem; }
.sheet { display: flex; flex-wrap: wrap; gap: .8rem; }
figure { margin: 0; width: 220px; font-size: .85rem; overflow-wrap: anywhere; }
td { padding: .2rem .8rem .2rem 0; vertical-align: top; overflow-wrap: anywhere; white-space: pre-line; }
</style></head><body>
<h1>$counts</h1>
<p>$sure The colours are plausible guesses, not evidence of how it was.</p>
$failures
<h2>To be looked at first ($few)</h2>
<p>The least sure pictures come first; the number is the network's mean confidence, 0 to 1.</p>
<div class="sheet">$cells</div>
$notes
<footer><p>$about</p></footer>
</body></html>
"""
