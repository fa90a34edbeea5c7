#!/usr/bin/env bash
# Tests under Slurm.
#
#   tools/slurm_test.sh PARTITION JOB CONFIG CHECKPOINT [arguments of test.py]
#
# GPUS (8) in all, GPUS_PER_NODE (8), CPUS_PER_TASK (5), SRUN_ARGS. Two jobs
# that share a machine need two MASTER_PORTs (29500).
set -euo pipefail

if [ $# -lt 4 ]; then
    echo "usage: $0 PARTITION JOB CONFIG CHECKPOINT" \
        "[arguments of test.py]" >&2
    exit 2
fi
partition=$1
job=$2
config=$3
checkpoint=$4
shift 4

exec bash "$(dirname "$0")/slurm_run.sh" test.py "$partition" "$job" \
    "$config" "$checkpoint" "$@"
