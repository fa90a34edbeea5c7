# Sourced by dist_train.sh and dist_test.sh: where the processes meet.

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
