# Build: docker build --tag relapse-cds .
# The base is the current slim image of Python 3.13 on Debian 12. Another base with Python 3.11 or newer,
# a package mirror's copy for instance, goes in by --build-arg BASE=...
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
# pip and the build backend live in one virtual environment, left behind in this stage, and fill another.
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/relapse-cds
COPY requirements.txt requirements-build.txt ./
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.txt \
    && /opt/build/bin/pip --python /opt/relapse-cds install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY cds_rules cds_rules
COPY service service
COPY fixtures fixtures
RUN /opt/build/bin/pip wheel --no-cache-dir --no-build-isolation --no-deps --wheel-dir /wheel . \
    && /opt/build/bin/pip --python /opt/relapse-cds install --no-cache-dir --no-deps --no-index /wheel/*.whl

FROM ${BASE}
# gunicorn keeps its workers' heartbeat files in TMPDIR. Nothing else is written at run time but to what is
# mounted, so the root may be read-only.
ENV PATH=/opt/relapse-cds/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TMPDIR=/dev/shm \
    RELAPSE_CDS_HOST=0.0.0.0
COPY --from=build /opt/relapse-cds /opt/relapse-cds
# The SQLite store is here, unless database_url says another: mount a volume to keep it.
RUN install -d -o 10001 -g 10001 -m 0700 /data
WORKDIR /data
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
    CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/health/live', timeout=4)"]
CMD ["relapse-cds", "serve"]
