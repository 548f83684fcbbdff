#!/bin/sh
# Replaces the intermediate that signs: makes the next one below the active root, lets it sign, and retires the old one
# once nothing valid descends from it. Safe to run again.
#
#   rotate-intermediate.sh [--yes] [--key-type T] [--reason TEXT]
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

exec sh "$(dirname -- "$script")/rotate-authority.sh" intermediate "$@"
