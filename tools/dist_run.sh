#!/usr/bin/env bash
# Starts a tool in several processes, for dist_train.sh and dist_test.sh. FILES
# are the arguments of the tool before the number of GPUs.
#
#   dist_run.sh SCRIPT TOOL.py "FILES" FILE... GPUS [arguments]
set -euo pipefail

script=$1
tool=$2
read -ra files <<< "$3"
shift 3
count=${#files[@]}
if [ $# -le "$count" ]; then
    echo "usage: $script ${files[*]} GPUS [arguments of $tool]" >&2
    exit 2
fi
given=("${@:1:$count}")
shift "$count"
gpus=$1
shift

if [ "${NNODES:-1}" = 1 ] && [ -z "${PORT:-}" ]; then
    meet=(--standalone)
else
    meet=(
        --nnodes="${NNODES:-1}"
        --node_rank="${NODE_RANK:-0}"
        --master_addr="${MASTER_ADDR:-127.0.0.1}"
        --master_port="${PORT:-29500}"
    )
fi
torchrun "${meet[@]}" \
    --nproc_per_node="$gpus" \
    "$(dirname "$0")/$tool" "${given[@]}" --launcher pytorch "$@"
