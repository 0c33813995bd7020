"""`photochrom batch`: put a run together, tell how it goes, say how it ended."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import photochrom
from photochrom.archive import remote, sources
from photochrom.archive.item import Item
from photochrom.archive.journal import Journal
from photochrom.archive.report import TABLES, bag, page, table
from photochrom.archive.run import Color, ColorFile, Plan, Run
from photochrom.archive.signing import Signer
from photochrom.archive.targets import Folder, Target, target_of
from photochrom.archive.telling import Telling
from photochrom.archive.work import Colored, Order, color
from photochrom.atomic import atomic_write
from photochrom.batch.find import PassedOver
from photochrom.batch.run import Options
from photochrom.codec.bands import parse_bands
from photochrom.codec.writing import known_format
from photochrom.digest import sha256_of
from photochrom.errors import OutputError, UsageError
from photochrom.network.models import find_model
from photochrom.photo import chosen_pages
from photochrom.threads import alone, cores

JOURNAL = ".photochrom-journal.sqlite"
_PAUSE = 2.0  # seconds between two looks at a source that is watched
_SPACE = 256 << 20  # bytes that must be free on the disk of the target before a run begins


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a run is about and what it may use. memory: bytes for all pictures at work; workers: None for the cores."""

    sources: Sequence[str]
    target: str
    journal: str | None
    model: str
    device: str
    workers: int | None
    memory: int
    watch: bool
    as_json: bool
    reports: Sequence[str] = ()
    bag: bool = False
    engine: str = "local"
    address: str | None = None
    c2pa: tuple[str, str] | None = None  # files of a certificate and its key


def run(job: Job, order: Order, plan: Plan) -> int:
    """Do it; gives the exit code: 0 where all is done, 1 where some failed, now or before."""
    warnings.simplefilter("ignore")  # other libraries' own: what we have to tell is in each picture's notes
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    sources.check(job.sources)
    _check_reports(job)
    if not remote.is_address(job.target) and not job.target.endswith(".tar") and os.path.isfile(job.target):
        raise UsageError(f"-o {job.target} is a file; name a folder, an address, or a .tar for shards")
    if job.journal and os.path.isdir(job.journal):
        raise UsageError(f"--journal {job.journal} is a folder; name a file")
    if job.engine not in ("local", "ray"):
        raise UsageError(f"--engine must be local or ray, got {job.engine!r}")
    info = find_model(job.model)
    order = Order(options=_checked(job, order.options), model=info.sha256 or sha256_of(info.file))
    sign = None
    if job.c2pa:
        about = f"{info.name} sha256:{order.model}"
        sign = Signer(*job.c2pa, model=about, settings=order.options.settings.to_dict()).sign
        order = replace(order, certificate=sha256_of(Path(job.c2pa[0])))
    target = Folder(job.target) if plan.dry else target_of(job.target)
    if not plan.dry:
        _check_space(job.target)
    passed = PassedOver()
    telling = Telling(passed, as_json=job.as_json)
    with (
        Journal(job.journal or journal_of(job.target, bag=job.bag), dry=plan.dry) as journal,
        telling,
        _engine(job) as engine,
    ):
        try:
            made = Run(order, plan, journal, target, engine.color, engine.color_file, sign)
            for outcome in made.over(_items(job, passed), workers=engine.workers, memory=engine.memory):
                telling.add(outcome)
        finally:
            if not plan.dry:
                _report(job, order, journal, target, info.name)
    return 1 if telling.counts["failed"] or telling.counts["failed before"] else 0


@dataclass(frozen=True)
class _Engine:
    """color: colours one; called by so many workers at a time, whose pictures take so many bytes together. color_file:
    one that is too large to be held; None for a cluster, whose machines needn't see the file."""

    color: Color
    workers: int
    memory: int
    color_file: ColorFile | None = None


@contextmanager
def _engine(job: Job) -> Iterator[_Engine]:
    """This machine, or a cluster."""
    if job.engine == "ray":
        from photochrom.archive.cluster import Pool

        with Pool(job.address, model=job.model, device=job.device, workers=job.workers) as pool:
            # Two for each worker, so that the next picture is there when one is done; they are decoded elsewhere.
            yield _Engine(pool.color, 2 * pool.count, job.memory * pool.count)
        return
    workers = job.workers or cores()
    share = max(1, cores() // workers)  # of each; threads of the runtime that share cores wait for each other
    colorizer = photochrom.load_model(
        job.model, device=job.device, threads=share if workers > 1 or share == 1 else None
    )

    def here(source: bytes | Path, key: str, order: Order) -> Colored:
        with alone() if share == 1 else nullcontext():
            return color(source, key, order, colorizer, by_rows=True)

    yield _Engine(here, workers, job.memory, here)


def _checked(job: Job, options: Options) -> Options:
    """The options with their defaults; raises UsageError for what can't be, before the run."""
    if options.pages:
        chosen_pages(options.pages)
    if options.bands:
        parse_bands(options.bands)
    if options.sidecar and options.pages:
        raise UsageError("--sidecar is of one picture in a file: leave out --pages")
    if options.sidecar and any(not _is_folder(place) for place in (*job.sources, job.target)):
        raise UsageError("--sidecar is for pictures and results in folders of the disk; leave it out for other places")
    format = known_format(options.format, pages=bool(options.pages)) if options.format else None
    return replace(options, format=format, max_memory=options.max_memory or job.memory)


def _is_folder(place: str) -> bool:
    return not remote.is_address(place) and not place.endswith(sources.TARS)


def journal_of(target: str, *, bag: bool = False) -> Path:
    """Where the journal lies: in a target folder, beside shards, and for an address in the working folder.

    bag: beside the folder too, which holds nothing but what its checksums name.
    """
    if remote.is_address(target):
        return Path(f".photochrom-{hashlib.sha256(target.encode()).hexdigest()[:12]}.sqlite")
    if target.endswith(".tar"):
        return Path(target).parent / f".{Path(target).stem}-journal.sqlite"
    return Path(os.path.abspath(target)).parent / JOURNAL if bag else Path(target, JOURNAL)


def _check_reports(job: Job) -> None:
    """Raises UsageError for reports that can't be made, before the run."""
    for name in job.reports:
        if Path(name).suffix not in (".html", *TABLES):
            raise UsageError(f"--report {name} can't be written; name a file that ends in .html, .csv or .parquet")
    if job.bag and (remote.is_address(job.target) or Path(os.path.abspath(job.target)).name != "data"):
        raise UsageError(f"a bag keeps its pictures in a folder called data, and -o is {job.target}; use -o BAG/data")
    if job.bag and Path(job.target, JOURNAL).exists():
        raise UsageError(
            f"the journal of an earlier run, {Path(job.target, JOURNAL)}, would be a part of the bag; move it to "
            f"{journal_of(job.target, bag=True)}"
        )


def _report(job: Job, order: Order, journal: Journal, target: Target, model: str) -> None:
    for name in job.reports:
        if name.endswith(".html"):
            settings = order.options.settings.to_dict()
            text = page(journal, target.read, settings=settings, model=f"{model} {order.model[:16]}")
            with atomic_write(name, overwrite=True) as out:
                out.write(text.encode())
        else:
            table(journal, Path(name))
    if job.bag:
        bag(Path(job.target), journal.rows())


def _items(job: Job, passed: PassedOver) -> Iterator[Item]:
    """Of one pass over the sources; of one after the other while they are watched, each when it has settled."""
    inside = frozenset() if remote.is_address(job.target) else frozenset({os.path.realpath(job.target)})
    yield from sources.items(job.sources, passed, leave_out=inside)
    seen: dict[str, str] = {}
    while job.watch:
        time.sleep(_PAUSE)
        now: dict[str, str] = {}
        for item in sources.items(job.sources, PassedOver(Counter(), Counter()), leave_out=inside):
            now[item.key] = item.stamp
            if seen.get(item.key) == item.stamp:  # unchanged for a pause: whoever writes it has ended
                yield item
        seen = now


def _check_space(target: str) -> None:
    """Raises OutputError where the disk of the target is all but full."""
    if remote.is_address(target):
        return
    there = Path(os.path.abspath(target))
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    if free < _SPACE:
        raise OutputError(f"only {free / 1e6:.0f} MB are free at {there}; make space, or choose another -o")
