# Gendan for production: one image for web, workers, beat and one-off commands; see docker-compose.yml.

FROM node:24-slim AS assets
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY config/launcher/pins/uv.txt /build/uv.txt
RUN pip install --no-cache-dir --require-hashes -r /build/uv.txt
COPY docker/requirements.lock /build/requirements.lock
RUN uv venv /opt/venv && uv pip install --python /opt/venv/bin/python --no-cache --compile-bytecode \
    --require-hashes -r /build/requirements.lock
# The same place as in the final image: compiled files remember it.
WORKDIR /srv/gendan/app
COPY . .
COPY --from=assets /build/node_modules node_modules
# No secret is read while files are collected; the settings only want to see that there is one.
RUN DJANGO_SETTINGS_MODULE=config.settings.production GENDAN_NO_BOOTSTRAP=1 SECRET_KEY=build ALLOWED_HOSTS=build \
    GENDAN_BASE_URL=https://build DATABASE_URL=postgres://build/build REDIS_URL=redis://build/0 \
    /opt/venv/bin/python manage.py collectstatic --no-input \
    && /opt/venv/bin/python -m compileall -q config customers kpi orders teams \
    && rm -rf node_modules

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /srv/gendan --shell /usr/sbin/nologin gendan \
    && install -d -o gendan -g gendan /srv/gendan/media
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/gendan/app /srv/gendan/app
WORKDIR /srv/gendan/app
# GENDAN_NO_BOOTSTRAP: the environment was made above; manage.py must not make another one.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 GENDAN_NO_BOOTSTRAP=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production GENDAN_MEDIA_ROOT=/srv/gendan/media
USER gendan
EXPOSE 8000
CMD ["gunicorn", "--config", "python:config.gunicorn", "--bind", "0.0.0.0:8000"]
