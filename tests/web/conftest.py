"""The application in this process, with a network drawn by hand; left out where the extra web is missing."""

import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.extras import not_without

collect_ignore_glob = not_without("fastapi", "httpx", "prometheus_client", "python_multipart", "onnx")


def encoded(format: str = "PNG", *, size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    """The bytes of a grey ramp."""
    ramp = np.linspace(0, 255, size[0] * size[1]).reshape(size[1], size[0]).astype(np.uint8)
    memory = io.BytesIO()
    Image.fromarray(ramp).save(memory, format, **options)
    return memory.getvalue()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """started("--token", "x") gives the process and its address; TMPDIR is tmp_path/"tmp"."""
    running = []
    (tmp_path / "tmp").mkdir()

    def start(*options: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "photochrom", "serve", "--port", "0", *options]
        environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        running.append(process)
        line = process.stdout.readline()
        place = re.search(r"http://\S+/", line)
        assert place, line + process.stderr.read()
        for _ in range(300):
            import httpx

            try:
                httpx.get(place[0] + "healthz")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        return process, place[0]

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def drawn(tmp_path: Path) -> str:
    """The path of a model that colours bright orange and dark blue."""
    from tests.tiny_model import write_model

    return str(write_model(tmp_path / "drawn.onnx"))


@pytest.fixture
def serving(drawn: str) -> Iterator[Callable[..., object]]:
    """serving(token="x") gives a client of an application with that config."""
    from starlette.testclient import TestClient

    from photochrom.web.app import create_app
    from photochrom.web.config import Config

    clients = []

    def make(**config: object) -> TestClient:
        app = create_app(Config(**{"model": drawn, **config}))
        client = TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
        clients.append(client.__enter__())
        return client

    yield make
    for client in clients:
        client.__exit__(None, None, None)
