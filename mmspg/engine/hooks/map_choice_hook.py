"""Choose the map that localizes best on the validation images."""

from contextlib import nullcontext

from mmengine.hooks import Hook
from torch.distributed.fsdp import FullyShardedDataParallel

from mmspg.evaluation.map_choice import best_map, compare_map_sources
from mmspg.evaluation.map_sources import available_sources
from mmspg.evaluation.map_tables import training_table
from mmspg.evaluation.metrics import LocalizationMetric
from mmspg.registry import HOOKS


@HOOKS.register_module()
class MapChoiceHook(Hook):
    """Compare all maps before the last validation, and keep the best one.

    The comparison passes the validation images through the network once.
    The map with the best GT-known becomes ``model.head.score_map_source``,
    both in the network and in its config. The last validation, the
    checkpoint and everything that reads it therefore use this map. A table
    with the figures of all maps and of a centred box is logged, with what
    each map gains and an interval. If no image has a box, nothing is chosen.

    Unlike ``tools/analysis_tools/choose_maps.py`` this takes the best map
    even if its gain may be luck. There are few maps, and they differ much:
    in ``projects/evidence/choice_rules.py`` keeping the config's map on few
    images lost far more than luck did.
    """

    priority = 'LOW'  # after EMA has put its weights into the model

    def before_val_epoch(self, runner) -> None:
        """Choose a map, if the training has ended."""
        model = getattr(runner.model, 'module', runner.model)
        metric = next(
            (
                metric
                for metric in runner.val_evaluator.metrics
                if isinstance(metric, LocalizationMetric)
            ),
            None,
        )
        at_end = runner.iter >= runner.max_iters
        if not at_end or metric is None or not available_sources(model):
            return
        if hasattr(model, 'attribution'):  # the maps are not the head's
            return
        model.eval()
        # Maps are made without the wrapper's forward, which would gather the
        # parts of its parameters; so gather them here.
        whole = (
            FullyShardedDataParallel.summon_full_params(
                runner.model, writeback=False
            )
            if isinstance(runner.model, FullyShardedDataParallel)
            else nullcontext()
        )
        with whole:
            compared = compare_map_sources(
                model, runner.val_dataloader, metric
            )
        best = best_map(compared)
        model.head.score_map_source = best.source
        runner.cfg.model.head.score_map_source = best.source
        runner.dump_config()
        runner.logger.info(training_table(compared, best))
