#!/usr/bin/env bash
# Tests under Slurm.
#
#   tools/slurm_test.sh PARTITION JOB CONFIG CHECKPOINT [arguments of test.py]
#
# The variables GPUS (8, in all), GPUS_PER_NODE (8), CPUS_PER_TASK (5) and
# SRUN_ARGS may be set. Two jobs on the same machine need different values of
# MASTER_PORT (29500).
set -euo pipefail

exec bash "$(dirname "$0")/slurm_run.sh" "$0" test.py CHECKPOINT "$@"
