#!/usr/bin/env bash
# A real Slurm on this one machine, for the tests: n1 and n3 in partition cpu, n2 with one GPU in gpu;
# n4 in spare, whose jobs are put back into the queue where a job of partition urgent wants the node.
#
#   cluster.sh up DIR          start it; everything it writes lies in DIR, and /etc/slurm points there
#   cluster.sh check DIR       say in one line why it could not be started, if so
#   cluster.sh down DIR        end what `up` started, and nothing else; remove DIR
#   cluster.sh cut DIR NODE    a power cut: every process of the node is killed, its slurmd too
#   cluster.sh start DIR NODE  start the slurmd of a node again
#
# Needs root and Debian's packages slurm-wlm slurmctld slurmd munge; no systemd, no database.
set -euo pipefail

MARK="# of fewsky's tests/slurm/cluster.sh"
NODES=(n1 n2 n3 n4)
CONTROL_PORT=16817

refuse() {
	echo "cluster.sh: $*" >&2
	exit 1
}

# --- what is ours -------------------------------------------------------------------------------
# The process that a pid file names, if its command line names the program and our folder.
ours() { # PIDFILE PROGRAM
	local pid words
	pid=$(cat "$1" 2>/dev/null) || return 1
	words=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) || return 1
	[[ $words == *"$2"*"$DIR/"* ]] && echo "$pid"
}

# Every process of a node: those in the UTS namespace of its slurmd, which is never the machine's own.
of_node() { # SLURMD_PID
	local space
	space=$(readlink "/proc/$1/ns/uts") || return 0
	[[ $space != "$(readlink /proc/self/ns/uts)" ]] || return 0
	{ find /proc -maxdepth 3 -path '/proc/[0-9]*/ns/uts' -printf '%l %p\n' 2>/dev/null || true; } |
		sed -n "s|^uts:.${space//[!0-9]/}. /proc/\([0-9]*\)/.*|\1|p"
}

end() { # PIDFILE PROGRAM
	local pid
	pid=$(ours "$1" "$2") || return 0
	kill "$pid" 2>/dev/null || true
	for _ in $(seq 50); do
		ours "$1" "$2" >/dev/null || return 0
		sleep 0.1
	done
	kill -9 "$pid"
}

cut_node() { # NODE
	local slurmd pids
	slurmd=$(ours "$DIR/slurmd-$1.pid" slurmd) || return 0
	kill -STOP "$slurmd"
	for _ in $(seq 50); do
		pids=$(of_node "$slurmd" | grep -vx "$slurmd") || break
		kill -9 $pids 2>/dev/null || true
		sleep 0.1
	done
	kill -9 "$slurmd"
	rm -f "$DIR/slurmd-$1.pid"
}

# --- the configuration --------------------------------------------------------------------------
# It lies in /etc/slurm because Snakemake's jobstep plugin drops SLURM_CONF. The munge socket is our
# own, so that a munged of the machine is left alone. `linuxproc` and `task/none` need no cgroups.
write_configuration() {
	cat >/etc/slurm/slurm.conf <<-CONF
		$MARK
		# $DIR
		ClusterName=fewsky
		SlurmctldHost=$(hostname -s)(127.0.0.1)
		SlurmctldPort=$CONTROL_PORT
		SlurmUser=root
		AuthType=auth/munge
		AuthInfo=socket=$DIR/munge.socket
		CredType=cred/munge
		StateSaveLocation=$DIR/state
		SlurmdSpoolDir=$DIR/spool-%n
		SlurmctldPidFile=$DIR/slurmctld.pid
		SlurmdPidFile=$DIR/slurmd-%n.pid
		SlurmctldLogFile=$DIR/slurmctld.log
		SlurmdLogFile=$DIR/slurmd-%n.log
		SlurmdParameters=config_overrides
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		SwitchType=switch/none
		MpiDefault=none
		# as on most clusters: Slurm would requeue the jobs of a lost node
		JobRequeue=1
		ReturnToService=2
		# a lost node is noticed after 15 s, a job over its memory within a second
		SlurmdTimeout=5
		MessageTimeout=5
		KillWait=2
		# squeue shows every job of the session to the end
		MinJobAge=7200
		JobAcctGatherType=jobacct_gather/linux
		JobAcctGatherFrequency=1
		JobAcctGatherParams=OverMemoryKill
		AccountingStorageType=accounting_storage/none
		SchedulerType=sched/backfill
		SchedulerParameters=bf_interval=2,sched_interval=5
		SelectType=select/cons_tres
		SelectTypeParameters=CR_Core_Memory
		PreemptType=preempt/partition_prio
		PreemptMode=REQUEUE
		GresTypes=gpu
		# more cores than there are, so that one run's jobs do not wait for another's
		NodeName=n1 NodeAddr=127.0.0.1 Port=17001 CPUs=4 RealMemory=16000
		NodeName=n2 NodeAddr=127.0.0.1 Port=17002 CPUs=2 RealMemory=8000 Gres=gpu:null:1
		NodeName=n3 NodeAddr=127.0.0.1 Port=17003 CPUs=4 RealMemory=16000
		NodeName=n4 NodeAddr=127.0.0.1 Port=17004 CPUs=4 RealMemory=16000
		PartitionName=cpu Nodes=n1,n3 Default=YES MaxTime=60 PreemptMode=OFF
		PartitionName=gpu Nodes=n2 MaxTime=60 PreemptMode=OFF
		PartitionName=spare Nodes=n4 MaxTime=60 PriorityTier=1
		PartitionName=urgent Nodes=n4 MaxTime=60 PriorityTier=2 PreemptMode=OFF
	CONF
	printf '%s\n' "$MARK" "NodeName=n2 Name=gpu Type=null File=/dev/null" >/etc/slurm/gres.conf
	printf '%s\n' "$MARK" "CgroupPlugin=cgroup/v1" >/etc/slurm/cgroup.conf
}

remove_configuration() {
	for file in slurm gres cgroup; do
		is_marked "/etc/slurm/$file.conf" && rm "/etc/slurm/$file.conf"
	done
	rmdir /etc/slurm 2>/dev/null || true
}

is_marked() { [[ $(head -n 1 "$1" 2>/dev/null) == "$MARK" ]]; }

# --- up and down --------------------------------------------------------------------------------
check() {
	[[ $(id -u) == 0 ]] || refuse "wanted root; found $(id -un). Run it in a container or a virtual machine."
	for program in munged slurmctld slurmd; do
		command -v $program >/dev/null ||
			refuse "wanted $program; found none. apt-get install slurm-wlm slurmctld slurmd munge"
	done
	for file in /etc/slurm/{slurm,gres,cgroup}.conf; do
		[[ ! -e $file && ! -L $file ]] || is_marked "$file" ||
			refuse "$file: wanted no Slurm or one of these tests; found another. It is left alone."
	done
	local other
	other=$(sed -n '2s/^# //p' /etc/slurm/slurm.conf 2>/dev/null || true)
	[[ -z $other ]] || ! (DIR=$other && ours "$other/slurmctld.pid" slurmctld >/dev/null) ||
		refuse "$other: a cluster of these tests is up there. End it first: cluster.sh down $other"
	[[ ! -e $DIR || -z $(ls -A "$DIR") || -e $DIR/$MARKER ]] ||
		refuse "$DIR: wanted an empty folder; found files that are not of a cluster. Name another."
}

wait_for() { # WHAT TRIES TEST...
	local what=$1 tries=$2
	shift 2
	for _ in $(seq "$tries"); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.25
	done
	refuse "wanted $what; found none after $((tries / 4)) s. Logs: $(grep -ihE 'error|fatal' "$DIR"/*.log | tail -n 2 | tr '\n' ' ')"
}

# A node in two partitions has two lines.
responds() { [[ $(sinfo -h -N -n "$1" -o %T | head -n 1) =~ ^(idle|mixed|allocated|completing)$ ]]; }

# A UTS namespace gives each slurmd its own host name, which is how it knows which node it is.
start_node() { # NODE
	ours "$DIR/slurmd-$1.pid" slurmd >/dev/null && return 0
	unshare --uts sh -c "hostname $1 && exec slurmd -f /etc/slurm/slurm.conf -L '$DIR/slurmd-$1.log'"
	wait_for "node $1" 120 responds "$1"
}

up() {
	check
	mkdir -p "$DIR"/state "$DIR"/spool-{n1,n2,n3,n4} /etc/slurm
	touch "$DIR/$MARKER"
	chmod 755 "$DIR"
	trap '(down) || true' ERR EXIT
	write_configuration
	(umask 077 && head -c 1024 /dev/urandom >"$DIR/munge.key")
	munged --force --socket="$DIR/munge.socket" --key-file="$DIR/munge.key" \
		--pid-file="$DIR/munged.pid" --log-file="$DIR/munged.log" --seed-file="$DIR/munged.seed"
	slurmctld -f /etc/slurm/slurm.conf -L "$DIR/slurmctld.log"
	wait_for "slurmctld" 80 sh -c "scontrol ping | grep -q 'is UP'"
	for node in "${NODES[@]}"; do
		start_node "$node"
	done
	trap - ERR EXIT
	sinfo -N -o '%N %P %T %C %m %G'
}

down() {
	[[ -e $DIR/$MARKER ]] || refuse "$DIR: wanted a folder of a cluster; found no $MARKER there."
	for node in "${NODES[@]}"; do
		cut_node "$node"
	done
	end "$DIR/slurmctld.pid" slurmctld
	end "$DIR/munged.pid" munged
	[[ $(sed -n 2p /etc/slurm/slurm.conf 2>/dev/null) != "# $DIR" ]] || remove_configuration
	rm -rf "$DIR"
}

MARKER=.fewsky-cluster
unset SLURM_CONF
action=${1:-} DIR=$(realpath -m "${2:?wanted a folder}") node=${3:-}
case $action in
up) up ;;
check) check ;;
down) down ;;
cut) cut_node "${node:?wanted a node}" ;;
start) start_node "${node:?wanted a node}" ;;
*) refuse "wanted up, check, down, cut or start; found '$action'" ;;
esac
