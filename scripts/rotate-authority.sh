#!/bin/sh
# What rotate-root.sh and rotate-intermediate.sh have in common; they call it with the kind and their own arguments:
#
#   rotate-authority.sh root [--yes] [--key-type T] [--cross-sign] [--reason TEXT]
#   rotate-authority.sh intermediate [--yes] [--key-type T] [--reason TEXT]
#
# The server does the rotation; this shows how it goes on. A terminal that is lost stops nothing. Safe to run again: it
# then follows the rotation that runs.
#
# ALCAZAR_SERVER names the server: the path of its admin socket, or its https URL. Exit codes are those of alcazar:
# 0 done, 1 refused or aborted, 2 usage, 69 the server cannot be reached.
set -eu

kind=$1
name="rotate-$kind.sh"
shift

usage() {
  printf '%s: %s\n' "$name" "$1" >&2
  [ "$kind" = root ] && cross=' [--cross-sign]' || cross=''
  printf 'usage: %s [--yes] [--key-type T]%s [--reason TEXT]\n' "$name" "$cross" >&2
  exit 2
}

# The command line beside this script, or the installed one.
alcazar() {
  if [ -x "$root/bin/alcazar.cjs" ]; then
    "$root/bin/alcazar.cjs" "$@"
  else
    command alcazar "$@"
  fi
}

root=$(CDPATH='' cd -P -- "$(dirname -- "$0")/.." && pwd)
key_type=''
cross_sign=''
reason=''
yes=''

while [ $# -gt 0 ]; do
  case $1 in
    --key-type)
      [ $# -ge 2 ] || usage '--key-type needs a type'
      key_type=$2
      shift 2
      ;;
    --reason)
      [ $# -ge 2 ] || usage '--reason needs a text'
      reason=$2
      shift 2
      ;;
    --cross-sign)
      [ "$kind" = root ] || usage '--cross-sign is for roots'
      cross_sign=--cross-sign
      shift
      ;;
    --yes)
      yes=--yes
      shift
      ;;
    *)
      usage "what is $1?"
      ;;
  esac
done

status=0
alcazar authority rotate --kind "$kind" --resume ${yes:+"$yes"} \
  ${key_type:+--key-type "$key_type"} ${cross_sign:+"$cross_sign"} --reason "${reason:-started by $name}" || status=$?
if [ "$status" -ne 0 ]; then
  printf '%s: it is not done, the line above says why; it is safe to run this again.\n' "$name" >&2
  exit "$status"
fi

alcazar authority list >&2
