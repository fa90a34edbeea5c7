from .sharded_strategy import ShardedStrategy

__all__ = ['ShardedStrategy']
