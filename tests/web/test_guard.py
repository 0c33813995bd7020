"""Who may ask, and what binds the browser."""

import pytest

from photochrom.web.config import Config
from tests.web.conftest import encoded


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "192.168.1.5"])
def test_other_names_are_turned_away(serving, host: str) -> None:
    assert serving().get("/", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_names_of_this_machine_are_answered(serving, host: str) -> None:
    assert serving().get("/", headers={"host": host}).status_code == 200


def test_a_server_for_others_is_called_by_its_names_and_by_numbers() -> None:
    config = Config(host="0.0.0.0", names=("scans.museum.example",))
    assert config.is_own_name("scans.museum.example") and config.is_own_name("192.168.1.5")
    assert not config.is_own_name("evil.example")


def test_pages_of_others_may_not_call(serving) -> None:
    client = serving(origins=("https://museum.example",))
    assert (
        client.post("/api/v1/colorize", content=encoded(), headers={"origin": "https://evil.example"}).status_code
        == 403
    )
    assert client.post("/api/v1/colorize", content=encoded(), headers={"origin": "null"}).status_code == 403
    own = client.post("/api/v1/colorize", content=encoded(), headers={"origin": "http://127.0.0.1:8000"})
    assert own.status_code == 200 and "access-control-allow-origin" not in own.headers
    named = client.post("/api/v1/colorize", content=encoded(), headers={"origin": "https://museum.example"})
    assert named.headers["access-control-allow-origin"] == "https://museum.example"
    asked = client.options("/api/v1/colorize", headers={"origin": "https://museum.example"})
    assert asked.status_code == 204 and "Authorization" in asked.headers["access-control-allow-headers"]


def test_without_the_token_nothing_but_health_answers(serving) -> None:
    client = serving(token="s3cret")
    assert client.get("/healthz").status_code == 200
    for path in ("/", "/api/v1/models", "/metrics", "/docs", "/static/app.js", "/?token=wrong"):
        response = client.get(path)
        assert response.status_code == 401 and response.headers["www-authenticate"] == "Bearer", path
    assert client.get("/metrics", headers={"authorization": "Bearer s3cret"}).status_code == 200
    assert client.get("/metrics", headers={"authorization": "Bearer s3cre"}).status_code == 401
    welcome = client.get("/?token=s3cret", follow_redirects=False)
    assert welcome.status_code == 303
    cookie = welcome.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "s3cret" not in cookie
    assert client.get("/api/v1/models").status_code == 200  # the client has the cookie now


def test_every_answer_binds_the_browser(serving) -> None:
    client = serving()
    for path in ("/", "/healthz", "/nothing"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


def test_the_page_asks_nothing_of_other_hosts() -> None:
    from photochrom.web.page import files

    for name, (data, _) in files().items():
        text = data.decode()
        assert "//" not in text.replace("http://www.w3.org/2000/svg", "").replace("// ", ""), name
