# The command, the scheduler and the workers of a campaign (docs/cluster.md):
#   docker build -t cellpick:0.1.0 .
#   docker run --rm -v "$PWD:/work" cellpick:0.1.0 cellpick bench smoke --out results
FROM python:3.11-slim-bookworm

COPY . /src
RUN python -I /src/src/cellpick/cli/shared_libraries.py \
 && rm -rf /var/lib/apt/lists/* \
 && pip install --no-cache-dir "/src[cluster]" -c /src/constraints.txt \
 && cellpick doctor

WORKDIR /work
