# photochrom serve: the page and the API, weights inside.
#   docker build -t photochrom . && docker run --read-only --tmpfs /tmp -p 127.0.0.1:8000:8000 -e PHOTOCHROM_TOKEN=... photochrom
# CI does each step without Docker: scripts/try_dockerfile.py.
FROM python:3.13-slim AS build
WORKDIR /build
COPY . .
RUN python -m venv /opt/photochrom && /opt/photochrom/bin/pip install --no-cache-dir '.[web]'

FROM python:3.13-slim
COPY --from=build /opt/photochrom /opt/photochrom
ENV PATH=/opt/photochrom/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Nobody of that number exists: it owns nothing and has no home.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# Open to others, so it refuses to start without PHOTOCHROM_TOKEN.
ENTRYPOINT ["photochrom", "serve", "--host", "0.0.0.0"]
