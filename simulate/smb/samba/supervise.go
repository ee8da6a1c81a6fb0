//go:build linux

package samba

// supervise is a program of /bin/sh that runs between this process and smbd. When its
// standard input ends, it ends smbd and what smbd has started, and removes the temporary
// directory. Its standard input ends when this process ends, in whatever way. A
// parent-death signal would not do. It comes when a thread ends, which in Go can be at
// any time. It reaches smbd, but not the helpers that smbd starts in the background. And
// it leaves the directory.
//
// The arguments are the path of smbd and the parent of the temporary directory. The
// program writes lines:
//
//	run DIRECTORY	it has made the temporary directory
//	failed REASON	it could not
//	ended STATUS	smbd has ended, by itself or not
//
// It reads one line, which is empty and means: start smbd.
//
// Each process of Samba has a lock in lock/msg.lock, named by its process number. The
// number may belong to another process by now. So the program looks whether the process
// has files of the temporary directory open.
//
// If the supervisor itself is killed, smbd becomes a child of init, which may reap it
// late or never. So a zombie counts as ended.
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
