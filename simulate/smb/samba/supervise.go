//go:build linux

package samba

// supervise is the program of /bin/sh that stands between this process and
// smbd. It ends smbd and what smbd has started, and removes the temporary
// directory, when its standard input ends; and that ends when this process
// does, however it does. A parent-death signal would not do: it follows the end
// of a thread, which in Go comes at any time; it reaches smbd and not the
// helpers that smbd sends into the background; and it leaves the directory.
//
// Its arguments are the path of smbd and the directory for temporary ones. What
// it says, a line each:
//
//	run DIRECTORY	the temporary directory is there
//	ended STATUS	smbd has ended, whether by itself or not
//
// and what it is told is one empty line: start smbd.
//
// The processes of Samba that are still there are those which have a lock in
// lock/msg.lock, each under its number. That the number has not been given to
// another process since is seen by the files that the process has open.
//
// If the supervisor is killed, smbd ends as the child of an init that may be
// slow to reap it, or never does: so a zombie counts as ended.
const supervise = `
trap : HUP INT TERM PIPE
exec 3<&0
smbd=$1
run=$(mktemp -d "$2/winlimits-XXXXXX" 2>&1) || { echo "failed $run"; exit 1; }
echo "run $run"

running() {
	read -r stat <"/proc/$1/stat" || return
	case $stat in
	*") Z "*) return 1 ;;
	esac
}

await() {
	wait "$1"
	status=$?
	while kill -0 "$1"; do # a signal has come in between
		wait "$1"
		status=$?
	done
}

if read -r line; then
	"$smbd" --foreground --configfile="$run/smb.conf" --log-basename="$run" <&3 3<&- >>"$run/log.smbd" 2>&1 &
	smbd=$!
	{
		while read -r line <&3; do :; done
		i=0
		until [ -e "$run/ended" ] || ! running "$smbd"; do
			case $i in
			0) kill -TERM "$smbd" ;;
			250) kill -KILL "$smbd" ;;
			500) break ;;
			esac
			i=$((i + 1))
			sleep 0.02
		done
	} &
	parent=$!
	await "$smbd"
	: >"$run/ended"
	echo "ended $status"
	await "$parent"
fi

living() {
	for lock in "$run"/lock/msg.lock/*; do
		pid=${lock##*/}
		case $(ls -l "/proc/$pid/fd") in
		*"-> $run/lock/"*) echo "$pid" ;;
		esac
	done
}

signal=TERM
i=0
while [ -d "$run" ]; do
	left=$(living)
	if [ -n "$left" ]; then
		kill -s "$signal" $left
	elif rm -rf "$run"; then
		break
	fi
	i=$((i + 1))
	case $i in
	250) signal=KILL ;;
	500) exit 1 ;;
	esac
	sleep 0.02
done
exit 0
`
