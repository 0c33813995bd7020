"""Do each step of the Dockerfile on this machine, without Docker, and see that what it makes serves.

    python scripts/try_dockerfile.py FOLDER

`COPY . .` takes what git tracks, less .dockerignore; /opt and /build lie in FOLDER; python is the one that runs this;
the port is a free one. Root serves as the image's own user, who can write nowhere but in /tmp, where that user can
reach this Python. A step of a kind
that isn't known here is refused, so that the Dockerfile can't do what CI doesn't.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACES = ("/opt/photochrom", "/build")
KNOWN = ("FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT")
TOKEN = "tried"


def steps(text: str) -> list[tuple[str, str]]:
    """(instruction, what it says) of a Dockerfile. Raises SystemExit for an instruction that isn't done here."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")).replace("\\\n", " ")
    found = []
    for line in filter(str.strip, lines.splitlines()):
        kind, _, said = line.strip().partition(" ")
        found.append((kind.upper(), said.strip()))
    for kind, _ in found:
        if kind not in KNOWN:
            raise SystemExit(f"this script doesn't know what {kind} does: teach it, so that CI does it too")
    return found


class Image:
    """What the Dockerfile makes, below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": "/nonexistent"}
        self.user: dict[str, object] = {}
        self.place = self.folder
        self.port = ""
        self.start: list[str] = []
        self.health: list[str] = []

    def here(self, text: str) -> str:
        """The same with the image's places below the folder."""
        return re.sub(rf"({'|'.join(PLACES)})(?![\w-])", lambda found: f"{self.folder}{found[0]}", text)

    def do(self, kind: str, said: str) -> None:
        """One step."""
        if kind == "WORKDIR":
            self.place = Path(self.here(said))
            self.place.mkdir(parents=True)
        elif kind == "COPY" and said == ". .":
            copy_context(self.place)
        elif kind == "COPY":
            stage, source, target = said.split()
            assert stage == "--from=build" and source == target and Path(self.here(source)).exists(), said
        elif kind == "RUN":
            environment = {**os.environ, **self.environment, "PIP_QUIET": "1"}
            subprocess.run(["bash", "-ec", self.here(said)], cwd=self.place, env=environment, check=True)
        elif kind == "ENV":
            for name, value in (pair.split("=", 1) for pair in said.split()):
                self.environment[name] = self.here(value).replace("$PATH", self.environment["PATH"])
        elif kind == "USER" and os.getuid() == 0 and others_can_run(self.folder, Path(sys.base_prefix)):
            user, group = map(int, said.split(":"))
            self.user = {"user": user, "group": group, "extra_groups": []}
        elif kind == "EXPOSE":
            self.port = said
        elif kind == "HEALTHCHECK":
            self.health = json.loads(said[said.index("[") :])
        elif kind == "ENTRYPOINT":
            self.start = json.loads(said)

    def serve(self) -> None:
        """Start it, wait until it is healthy, ask it with and without the token, and end it."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        options = {"env": {**self.environment, "PHOTOCHROM_TOKEN": TOKEN}, "cwd": "/", **self.user}
        health = [part.replace(f":{self.port}/", f":{port}/") for part in self.health]
        process = subprocess.Popen([*self.found(self.start), "--port", port], **options)
        try:
            end = time.monotonic() + 60
            while subprocess.run(self.found(health), stderr=subprocess.DEVNULL, check=False, **options).returncode:
                if process.poll() is not None or time.monotonic() > end:
                    raise SystemExit("it never became healthy")
                time.sleep(0.5)
            place, picture = f"http://127.0.0.1:{port}/api/v1/colorize", (ROOT / "samples" / "cat.jpg").read_bytes()
            assert ask(place, picture, {}) == 401
            assert ask(place, picture, {"Authorization": f"Bearer {TOKEN}"}) == 200
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)
        assert process.returncode in (0, 143), process.returncode  # told to end, it ended by itself

    def found(self, command: list[str]) -> list[str]:
        """The command with its program's path, by the image's own PATH."""
        program = shutil.which(command[0], path=self.environment["PATH"])
        assert program and program.startswith(str(self.folder)), f"{command[0]} isn't in the image: {program}"
        return [program, *command[1:]]


def others_can_run(*places: Path) -> bool:
    """Whether another user can get there: not where Python lies in root's own folder."""
    return all(path.stat().st_mode & 1 for place in places for path in (place, *place.parents))


def ask(place: str, picture: bytes, headers: dict[str, str]) -> int:
    request = urllib.request.Request(place, picture, {**headers, "Content-Type": "image/jpeg"})
    try:
        return urllib.request.urlopen(request, timeout=60).status
    except urllib.error.HTTPError as error:
        return error.code


def copy_context(target: Path) -> None:
    """What `docker build` sends: here what git tracks, less what .dockerignore names."""
    ignored = (ROOT / ".dockerignore").read_text().split()
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        parents = [str(path) for path in (Path(name), *Path(name).parents)]
        if not any(fnmatch(parent, pattern.removeprefix("**/")) for parent in parents for pattern in ignored):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def main() -> None:
    image = Image(Path(sys.argv[1]))
    for kind, said in steps((ROOT / "Dockerfile").read_text()):
        print(f"{kind} {said[:100]}", flush=True)
        image.do(kind, said)
    image.serve()
    size = sum(path.lstat().st_size for path in Path(image.here(PLACES[0])).rglob("*"))
    print(f"it serves; {size / 1e6:.0f} MB beside the base image")


if __name__ == "__main__":
    main()
