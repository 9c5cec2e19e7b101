# Perilune in a container: not root, no capabilities, a file system it need not write to but /data
# and /tmp.  compose.yaml in deploy/ starts it like that.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python3 -m venv /opt/perilune
COPY requirements.txt ./
RUN /opt/perilune/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: \
    --requirement requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
# A Deno that the server may start and not read serves as it is; of any other it makes a copy.
RUN /opt/perilune/bin/pip install --no-cache-dir --no-deps . && chmod 0111 /opt/perilune/bin/deno

FROM python:3.13-slim
COPY --from=build /opt/perilune /opt/perilune
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data
ENV PATH=/opt/perilune/bin:$PATH DATA_DIR=/data PORT=3000
USER 10001:10001
VOLUME /data
EXPOSE 3000
HEALTHCHECK --start-period=10s CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen('http://localhost:' + os.environ['PORT'] + '/readyz')"]
ENTRYPOINT ["perilune"]
CMD ["serve"]
