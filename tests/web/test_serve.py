"""`photochrom serve` as a process: what it says, refuses, leaves behind, and how it ends."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.web.conftest import encoded


def test_running_work_ends_and_nothing_is_left(started, tmp_path: Path) -> None:
    process, place = started("--model", "photo-fast", "--workers", "1")
    answers = []

    def ask() -> None:
        answers.append(httpx.post(place + "api/v1/colorize", content=encoded(size=(2400, 1800)), timeout=60))

    thread = threading.Thread(target=ask)
    thread.start()
    while "photochrom_held_requests 1.0" not in httpx.get(place + "metrics").text:
        time.sleep(0.01)
    assert not list((tmp_path / "tmp").iterdir())  # held in memory, while it is worked on too
    process.send_signal(signal.SIGTERM)
    thread.join(60)
    assert answers and answers[0].status_code == 200
    process.wait(15)
    assert process.stderr.read() == ""
    assert not list((tmp_path / "tmp").iterdir())


def test_large_forms_stay_off_the_disk(started, tmp_path: Path) -> None:
    _, place = started("--model", "photo-fast", "--max-megabytes", "3")
    seen: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            seen.extend(os.listdir(tmp_path / "tmp"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    answer = httpx.post(
        place + "api/v1/colorize", files={"picture": ("big.bmp", encoded("BMP", size=(1600, 1200)))}, timeout=60
    )
    stop.set()
    watcher.join()
    assert answer.status_code == 200 and not seen


def test_others_need_a_token(started) -> None:
    command = [sys.executable, "-m", "photochrom", "serve", "--host", "0.0.0.0", "--port", "0"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2 and "--token" in refused.stderr and refused.stderr.count("\n") == 1
    process, place = started("--host", "0.0.0.0", "--no-token")
    assert httpx.get(place).status_code == 200
    process.terminate()
    assert "anybody" in process.communicate()[1]


def test_a_taken_port_is_told(started) -> None:
    _, place = started()
    port = place.rsplit(":", 1)[1].strip("/")
    again = subprocess.run(
        [sys.executable, "-m", "photochrom", "serve", "--port", port], capture_output=True, text=True, timeout=60
    )
    assert again.returncode == 2 and "--port" in again.stderr and "Traceback" not in again.stderr


def hang_up(place: str, picture: bytes) -> None:
    """Ask for a picture in colour, and be gone without waiting for it, however quick the machine is."""
    address = urlsplit(place)
    head = f"POST /api/v1/colorize HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(picture)}\r\n\r\n"
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head.encode() + picture)
        time.sleep(0.05)  # it is begun


def test_a_client_that_hangs_up_frees_its_place(started) -> None:
    _, place = started("--model", "photo-fast", "--workers", "1", "--queue", "3")
    big = encoded(size=(3000, 2000))
    for _ in range(4):
        hang_up(place, big)
    for _ in range(300):
        if "photochrom_held_requests 0.0" in httpx.get(place + "metrics").text:
            break
        time.sleep(0.1)
    assert httpx.post(place + "api/v1/colorize", content=encoded(), timeout=60).status_code == 200


def test_a_model_that_is_not_there_is_told_before_it_listens() -> None:
    command = [sys.executable, "-m", "photochrom", "serve", "--port", "0", "-m", "fotto"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2 and refused.stdout == "" and refused.stderr.count("\n") == 1
