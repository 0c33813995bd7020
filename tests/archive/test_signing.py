"""Content credentials: a result says who signed it and what it was made of, and another reader finds it valid."""

import datetime
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(command: Run) -> Run:
    return lambda *words: command("batch", *words, "--model", "drawn.onnx")


def write_certificate(folder: Path, kind: str = "P-256") -> tuple[str, str]:
    """A certificate of an authority of our own, with its chain, and the key: the paths of two PEM files."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    def name(common: str) -> Any:
        attributes = ((x509.NameOID.ORGANIZATION_NAME, "Museum"), (x509.NameOID.COMMON_NAME, common))
        return x509.Name([x509.NameAttribute(kind, value) for kind, value in attributes])

    def certificate(subject: str, public: Any, *, authority: bool) -> bytes:
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name("Authority"))
        builder = builder.public_key(public).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        usage = (not authority, False, False, False, False, authority, authority, False, False)
        extensions = [(x509.BasicConstraints(authority, None), True), (x509.KeyUsage(*usage), True)]
        extensions += [(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), False)]
        if not authority:
            extensions += [(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)]
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return bytes(builder.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    root = ec.generate_private_key(ec.SECP256R1())
    make = {
        "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
        "RSA": lambda: rsa.generate_private_key(65537, 2048),
    }
    key = make[kind]()
    chain = certificate("Signer", key.public_key(), authority=False)
    chain += certificate("Authority", root.public_key(), authority=True)
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    folder.mkdir(exist_ok=True)
    (folder / "chain.pem").write_bytes(chain)
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return str(folder / "chain.pem"), str(folder / "key.pem")


def manifest(path: Path, kind: str) -> tuple[str, dict[str, Any]]:
    """Whether it is valid, and what it says, by c2pa's own reader."""
    import c2pa

    told = json.loads(c2pa.Reader(kind, io.BytesIO(path.read_bytes())).json())
    return told["validation_state"], told["manifests"][told["active_manifest"]]


@pytest.mark.parametrize("kind", ["P-256", "P-384", "Ed25519", "RSA"])
def test_a_result_is_signed(run: Run, draw: Callable[..., Path], tmp_path: Path, kind: str) -> None:
    pytest.importorskip("c2pa")
    draw("scans/x.jpg"), draw("scans/y.tif"), draw("scans/z.png")
    signing = ("--c2pa", *write_certificate(tmp_path / "pem", kind))
    assert run("scans", "-o", "out", *signing) == (0, "3 done\n")
    for name, mime in (("x.color.jpg", "image/jpeg"), ("y.color.tif", "image/tiff"), ("z.color.png", "image/png")):
        state, said = manifest(tmp_path / "out" / name, mime)
        assert state == "Valid" and said["signature_info"]["issuer"] == "Museum"
        (actions,) = (one["data"]["actions"] for one in said["assertions"] if one["label"] == "c2pa.actions.v2")
        assert [one["action"] for one in actions] == ["c2pa.opened", "c2pa.edited"]
        assert actions[1]["digitalSourceType"].endswith("compositeWithTrainedAlgorithmicMedia")
        assert "sha256:" in actions[1]["parameters"]["model"] and said["ingredients"][0]["relationship"] == "parentOf"
        with Image.open(tmp_path / "out" / name) as image:
            image.load()
            assert image.mode == "RGB"
    changed = tmp_path / "changed.jpg"
    changed.write_bytes((tmp_path / "out/x.color.jpg").read_bytes()[:-9] + bytes(7) + b"\xff\xd9")
    assert manifest(changed, "image/jpeg")[0] == "Invalid"
    assert run("scans", "-o", "out", *signing) == (0, "0 done, 3 done before\n")
    assert "other settings" in run("scans", "-o", "out")[1]  # unsigned they are other results


def test_what_is_too_large_to_be_held_is_signed_too(run: Run, draw: Callable[..., Path], tmp_path: Path) -> None:
    pytest.importorskip("c2pa")
    from photochrom.archive.signing import Signer
    from photochrom.archive.work import Colored

    signer = Signer(*write_certificate(tmp_path / "pem"), model="m", settings={})
    original = draw("scans/x.png")
    with open(draw("big.tif"), "rb") as stream:
        made = signer.sign(Colored(data=stream, format="TIFF", notes=[], width=40, height=30), original, "x.png")
    (tmp_path / "signed.tif").write_bytes(made.data.read())
    assert manifest(tmp_path / "signed.tif", "image/tiff")[0] == "Valid"


def test_what_cannot_sign_is_told_before_the_run(run: Run, draw: Callable[..., Path], tmp_path: Path) -> None:
    pytest.importorskip("c2pa")
    draw("scans/x.jpg")
    chain, key = write_certificate(tmp_path / "pem")
    _, other = write_certificate(tmp_path / "other")
    (tmp_path / "notes.txt").write_text("no key")
    cases = {(chain, other): "can't sign", (chain, "gone.pem"): "can't read gone.pem", (key, key): "no certificate"}
    for words, told in (cases | {(chain, "notes.txt"): "no private key"}).items():
        code, said = run("scans", "-o", "out", "--c2pa", *words)
        assert code == 2 and told in said and said.count("\n") == 1 and not (tmp_path / "out").exists()
    code, said = run("scans", "-o", "out", "--c2pa", chain, key, "--format", "bmp")
    assert code == 1 and "can't be signed as BMP" in said


def test_without_the_extra_it_says_which(run: Run, draw: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    draw("scans/x.jpg")
    code, said = run("scans", "-o", "out", "--c2pa", "a.pem", "b.pem")
    assert code == 2 and "pip install 'photochrom[c2pa]'" in said
