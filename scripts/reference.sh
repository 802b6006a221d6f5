#!/usr/bin/env bash
# Installs google/caliban 0.4.2 into build/reference, to compare our expansion with its own.
# Only what its expansion imports: the rest of its pinned requirements no longer installs on today's Pythons.
set -euo pipefail
cd "$(dirname "$0")/.."
target=build/reference
rm -rf "$target"
"${PYTHON:-python3}" -m venv "$target"
"$target/bin/pip" install --quiet --no-deps caliban==0.4.2
"$target/bin/pip" install --quiet commentjson==0.9.0 blessings==1.7 schema==0.7.2 'setuptools<81' \
  absl-py tqdm pyyaml yaspin google-auth google-cloud-core google-cloud-container google-api-python-client
"$target/bin/python" -W ignore -c 'import caliban.config.experiment'
touch "$target/ready"
