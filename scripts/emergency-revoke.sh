#!/bin/sh
# Takes a certificate, an identity or a public key out of use at once: nothing more is issued for it, the valid
# certificates that it has are revoked, and the CRLs say so. Safe to run again.
#
#   emergency-revoke.sh --serial S | --identity ID | --public-key SHA256  --reason TEXT  [--yes]
#
# ALCAZAR_SERVER names the server: the path of its admin socket, or its https URL. Exit codes are those of alcazar:
# 0 done, 1 refused, 2 usage, 69 the server cannot be reached.
set -eu

usage() {
  printf 'emergency-revoke.sh: %s\n' "$1" >&2
  printf 'usage: emergency-revoke.sh --serial S | --identity ID | --public-key SHA256 --reason TEXT [--yes]\n' >&2
  exit 2
}

# Where this script lies, also through links to it; `readlink -f` is not everywhere.
script=$0
while [ -L "$script" ]; do
  link=$(readlink "$script")
  case $link in
    /*) script=$link ;;
    *) script=$(dirname -- "$script")/$link ;;
  esac
done

# The command line beside this script, or the installed one.
alcazar() {
  if [ -x "$root/bin/alcazar.cjs" ]; then
    "$root/bin/alcazar.cjs" "$@"
  else
    command alcazar "$@"
  fi
}

root=$(CDPATH='' cd -P -- "$(dirname -- "$script")/.." && pwd)
option=''
value=''
reason=''
yes=''

while [ $# -gt 0 ]; do
  case $1 in
    --serial | --identity | --public-key)
      [ $# -ge 2 ] || usage "$1 needs a value"
      [ -z "$option" ] || usage 'give one of --serial, --identity and --public-key, not two'
      option=$1
      value=$2
      shift 2
      ;;
    --reason)
      [ $# -ge 2 ] || usage '--reason needs a text'
      reason=$2
      shift 2
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

[ -n "$value" ] || usage 'say what is compromised: --serial, --identity or --public-key'
[ -n "$reason" ] || usage 'say why: --reason'

status=0
alcazar deny add "$option" "$value" --reason "$reason" ${yes:+"$yes"} || status=$?
if [ "$status" -ne 0 ]; then
  printf 'emergency-revoke.sh: it is not done, the line above says why; it is safe to run this again.\n' >&2
  exit "$status"
fi

# Warnings stand on standard error: a CRL that could not be renewed does not know of it yet.
alcazar crl show

cat >&2 <<'NEXT'
What this does not do:
- close connections that are open: restart the workloads that the compromised one talks to, if that cannot wait;
- reach clients that do not read CRLs: what they accept ends when the certificates expire;
- replace an authority whose own key is out: see `alcazar authority taint` and `alcazar authority rotate`.
NEXT
