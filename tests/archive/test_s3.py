"""Object storage as it is: an S3 of moto on this machine."""

from collections.abc import Iterator

import pytest

pytest.importorskip("s3fs")
server = pytest.importorskip("moto.server")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    running = server.ThreadedMotoServer(port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    import s3fs

    storage = s3fs.S3FileSystem(endpoint_url=f"http://{host}:{port}")
    storage.mkdir("museum")
    yield "museum"
    s3fs.S3FileSystem.clear_instance_cache()
    running.stop()


def test_s3_in_and_out(bucket: str, draw, tmp_path) -> None:
    import s3fs

    from photochrom.archive.command import Job, run
    from photochrom.archive.run import Plan
    from photochrom.archive.work import Order
    from tests.tiny_model import write_model

    storage = s3fs.S3FileSystem()
    for name in ("1900/tram.jpg", "1901/tram.jpg", "1901/notes.txt"):
        storage.pipe_file(f"{bucket}/scans/{name}", draw("x.jpg").read_bytes() if name.endswith("jpg") else b"text")
    model = str(write_model(tmp_path / "drawn.onnx"))

    def batch() -> int:
        job = Job(
            sources=[f"s3://{bucket}/scans"],
            target=f"s3://{bucket}/coloured",
            journal=str(tmp_path / "journal"),
            model=model,
            device="cpu",
            workers=2,
            memory=1 << 30,
            watch=False,
            as_json=False,
        )
        return run(job, Order(), Plan())

    assert batch() == 0
    storage.invalidate_cache()
    names = sorted(storage.find(f"{bucket}/coloured"))
    assert names == [f"{bucket}/coloured/1900/tram.color.jpg", f"{bucket}/coloured/1901/tram.color.jpg"]
    first = storage.info(names[0])["LastModified"]
    assert batch() == 0
    storage.invalidate_cache()
    assert storage.info(names[0])["LastModified"] == first  # skipped, not done again
