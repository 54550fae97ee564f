FROM python:3.13-slim

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY sandbox ./sandbox
COPY protocol_sandbox ./protocol_sandbox
COPY fixtures ./fixtures
RUN pip install --no-cache-dir . \
    && useradd --create-home --uid 10001 sandbox

WORKDIR /home/sandbox
USER sandbox
EXPOSE 8000
# The Procfile's command, with a port where none is given. "exec" lets a stop signal reach the server itself.
CMD ["sh", "-c", "exec protocol-sandbox --host 0.0.0.0 --port ${PORT:-8000}"]
