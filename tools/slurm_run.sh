#!/usr/bin/env bash
# What slurm_train.sh and slurm_test.sh have in common: starts a tool under
# Slurm.
#
#   tools/slurm_run.sh TOOL.py PARTITION JOB [arguments of TOOL.py]
set -euo pipefail

tool=$1
partition=$2
job=$3
shift 3

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
    python -u "$(dirname "$0")/$tool" "$@" --launcher slurm
