#!/bin/sh
# Replaces the intermediate that signs: makes the next one below the active root, lets it sign, and retires the old one
# once nothing valid descends from it. Safe to run again.
#
#   rotate-intermediate.sh [--yes] [--key-type T] [--reason TEXT]
#
# ALCAZAR_SERVER and the exit codes: see rotate-authority.sh.
set -eu

exec sh "$(dirname -- "$0")/rotate-authority.sh" intermediate "$@"
