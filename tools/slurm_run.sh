#!/usr/bin/env bash
# Starts a tool under Slurm, for slurm_train.sh and slurm_test.sh. LAST is the
# argument of the tool after its config.
#
#   slurm_run.sh SCRIPT TOOL.py LAST PARTITION JOB CONFIG VALUE [arguments]
set -euo pipefail

script=$1
tool=$2
last=$3
shift 3
if [ $# -lt 4 ]; then
    echo "usage: $script PARTITION JOB CONFIG $last [arguments of $tool]" >&2
    exit 2
fi
partition=$1
job=$2
given=("$3" "$4")
[ "$last" != WORK_DIR ] || given=("$3" --work-dir "$4")
shift 4

# SRUN_ARGS is split into words on purpose.
# shellcheck disable=SC2086
srun -p "$partition" \
    --job-name="$job" \
    --gres=gpu:"${GPUS_PER_NODE:-8}" \
    --ntasks="${GPUS:-8}" \
    --ntasks-per-node="${GPUS_PER_NODE:-8}" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" \
    --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} \
    python -u "$(dirname "$0")/$tool" "${given[@]}" --launcher slurm "$@"
