#!/usr/bin/env bash
# Trains under Slurm.
#
#   tools/slurm_train.sh PARTITION JOB CONFIG WORK_DIR [arguments of train.py]
#
# The variables GPUS (8, in all), GPUS_PER_NODE (8), CPUS_PER_TASK (5) and
# SRUN_ARGS may be set. Two jobs on the same machine need different values of
# MASTER_PORT (29500).
set -euo pipefail

exec bash "$(dirname "$0")/slurm_run.sh" "$0" train.py WORK_DIR "$@"
