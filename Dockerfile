# The server and what it needs are installed in one stage, and copied to another without pip's and the sources' traces.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY sandbox ./sandbox
COPY protocol_sandbox ./protocol_sandbox
COPY fixtures ./fixtures
RUN python -m venv --without-pip /app && pip --python /app/bin/python install --no-cache-dir '.[valkey]' && mkdir /app/worlds

FROM python:3.13-slim
COPY --from=build /app /app
# A volume that is mounted here belongs to the user, for SANDBOX_PERSIST=/worlds/worlds.db.
COPY --from=build --chown=10001:10001 /app/worlds /worlds
ENV PATH=/app/bin:$PATH PORT=8000
WORKDIR /app
# A number, so that a host can see that it is not root.
USER 10001:10001
EXPOSE 8000
# Without curl, which the image does not have; never by a proxy, which urllib would use.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
    CMD python -Ic "import http.client as http; c = http.HTTPConnection('127.0.0.1', $PORT, timeout=3); \
c.request('GET', '/__admin/health'); exit(c.getresponse().status != 200)"
# The Procfile's command. "exec" lets a stop signal reach the server itself.
CMD ["sh", "-c", "exec protocol-sandbox --host 0.0.0.0 --port $PORT"]
