#!/bin/sh
# curl meets the eleventh connection of a web server on XP, and asks the machine.
set -eu
lab=${LAB:-lab}
tmp=$(mktemp -d)
mkfifo "$tmp/in" "$tmp/out"
"$lab" -listen 127.0.0.1:0 -exit-with-stdin <"$tmp/in" >"$tmp/out" &
exec 3>"$tmp/in" 4<"$tmp/out" # the lab ends when this script does
trap 'exec 3>&-; wait; rm -r "$tmp"' EXIT
read -r line <&4
api=$(printf %s "$line" | cut -d '"' -f 4)

call() { curl -sS --fail-with-body -X "$1" "$api$2" -d "${3-}"; }
get() { curl -sS --fail-with-body "$api$1"; }

host=$(call POST /api/hosts '{"name":"box","windows":"XP Pro SP3","fronts":[{"kind":"iis"}]}')
web=$(printf %s "$host" | grep -o '127\.0\.0\.1:[0-9]*')
iis=/api/hosts/box/services/iis

call PATCH $iis '{"hold":10}' >/dev/null # the machine is full
page=$(curl -sS "http://$web/")
case $page in
*'HTTP 403.9 - Access Forbidden: Too many users are connected'*) ;;
*) echo "not refused: $page" && exit 1 ;;
esac
get "$iis?refused=1" >/dev/null
call POST /api/hosts/box/console '{"command":"adsutil set w3svc/MaxConnections 40"}' >/dev/null
curl -sS --fail "http://$web/" >/dev/null
call PATCH $iis '{"hold":0}' >/dev/null
get "$iis?held=0"
