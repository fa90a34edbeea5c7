#!/usr/bin/env bash
# Tests on all the GPUs of one machine, or of several.
#
#   tools/dist_test.sh CONFIG CHECKPOINT GPUS [arguments of test.py]
#
# For several machines set NNODES, NODE_RANK, MASTER_ADDR and PORT (29500). All
# but NODE_RANK are the same on each machine. On one machine a free port is
# found. Without GPUs add --cfg-options env_cfg.dist_cfg.backend=gloo.
# docs/distributed.md says more.
set -euo pipefail

exec bash "$(dirname "$0")/dist_run.sh" "$0" test.py "CONFIG CHECKPOINT" "$@"
