#!/usr/bin/env bash
# Tests on all the GPUs of one machine, or of several.
#
#   tools/dist_test.sh CONFIG CHECKPOINT GPUS [arguments of test.py]
#
# Several machines: NNODES, NODE_RANK, MASTER_ADDR and PORT (29500), the same
# on each but NODE_RANK. On one machine a free port is found. Without GPUs add
# --cfg-options env_cfg.dist_cfg.backend=gloo. More: docs/distributed.md.
set -euo pipefail

if [ $# -lt 3 ]; then
    echo "usage: $0 CONFIG CHECKPOINT GPUS [arguments of test.py]" >&2
    exit 2
fi
config=$1
checkpoint=$2
gpus=$3
shift 3

. "$(dirname "$0")/dist_meet.sh"
torchrun "${meet[@]}" \
    --nproc_per_node="$gpus" \
    "$(dirname "$0")/test.py" "$config" "$checkpoint" \
    --launcher pytorch "$@"
