#!/bin/sh
# Replaces the root: publishes the next one, waits until everybody has it, lets it sign, waits until nothing valid
# descends from the old one, and takes that out of the bundle. Safe to run again.
#
#   rotate-root.sh [--yes] [--key-type T] [--reason TEXT]
#
# ALCAZAR_SERVER and the exit codes: see rotate-authority.sh.
set -eu

exec sh "$(dirname -- "$0")/rotate-authority.sh" root "$@"
