#!/bin/sh
# Replaces the root: publishes the next one, waits until everybody has it, lets it sign, waits until nothing valid
# descends from the old one, and takes that out of the bundle. Safe to run again.
#
#   rotate-root.sh [--yes] [--key-type T] [--cross-sign] [--reason TEXT]
#
# --cross-sign lets the old root certify the new one, so that the new one signs at once and nobody is waited for.
#
# ALCAZAR_SERVER and the exit codes: see rotate-authority.sh.
set -eu

# Where this script lies, also through links to it; `readlink -f` is not everywhere.
script=$0
while [ -L "$script" ]; do
  link=$(readlink "$script")
  case $link in
    /*) script=$link ;;
    *) script=$(dirname -- "$script")/$link ;;
  esac
done

exec sh "$(dirname -- "$script")/rotate-authority.sh" root "$@"
