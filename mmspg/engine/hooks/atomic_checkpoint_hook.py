"""Write checkpoints that survive a kill and say how to use them."""

import os.path as osp
from typing import IO, Any

from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, find_latest_checkpoint

from mmspg.evaluation.choices import SWEEP, settings_of, weights_digest
from mmspg.evaluation.protocol import validated_choice
from mmspg.registry import HOOKS
from mmspg.utils.atomic import BACKEND, write_atomically
from mmspg.utils.carried_config import META_KEY
from mmspg.utils.checkpoint import state_dict_of
from mmspg.utils.resume import KEY as RUN_KEY
from mmspg.utils.resume import (
    check_same_run,
    forward_schedulers,
    run_numbers,
    take_new_settings,
)
from mmspg.utils.warn import warn
from mmspg.utils.work_dir import check_no_other_training, lock_work_dir

GRADIENTS = 'accumulated_gradients'  # in a checkpoint


def _parameters(runner) -> list[tuple]:
    """Names and parameters of the model that a runner trains."""
    model = runner.model
    model = model.module if is_model_wrapper(model) else model
    return list(model.named_parameters())


class _RemoveLater:
    """A file backend that records files to remove, and keeps them."""

    def __init__(self, backend):
        self.backend = backend
        self.noted = []

    def __getattr__(self, name):
        return getattr(self.backend, name)

    def remove(self, path):
        self.noted.append(path)


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """MMEngine's ``CheckpointHook``, made safe against a kill at any time.

    MMEngine removes the outdated checkpoint, writes the new one in place,
    and then writes its name into ``last_checkpoint``, also in place. A
    process that is killed meanwhile can leave half a checkpoint, an empty
    ``last_checkpoint``, or one that names a missing file. This hook works in
    another order:

    1. it writes the checkpoint under a temporary name and renames it,
    2. it writes ``last_checkpoint`` in the same way,
    3. it removes outdated checkpoints, including the former best one.

    ``last_checkpoint`` therefore always names a complete file, which is all
    that ``--resume`` needs. This takes space for one checkpoint more than
    ``max_keep_ckpts``.

    A checkpoint contains what its boxes need, in ``meta['localization']``:
    the map source, the input size, the rule and, once it has been validated,
    the best threshold with the conditions it was chosen under (see
    `mmspg.evaluation.protocol`). MMEngine validates after saving, so the
    checkpoint is then written again. If a run is killed before that, it
    repeats the validation when it is resumed.

    If the optimizer accumulates gradients and there is one process, a
    checkpoint between two of its steps contains the gradients, too.

    A work dir is locked while a training writes to it, and checkpoints that
    another training wrote are not replaced.

    Args:
        backend_args (dict, optional): As in MMEngine. If it is given, or if
            ``out_dir`` is not a local folder, that backend writes the files;
            object stores are atomic by themselves.
        **kwargs: Arguments of MMEngine's ``CheckpointHook``.
    """

    backend_args: dict | None
    file_backend: Any
    # What was saved since the weights last changed: (step, meta).
    _saved: tuple[int, dict] | None = None
    # What was chosen by the validation of these weights.
    _choice: dict | None = None
    _warned = False
    _forward = False
    _validated = False  # whether these weights have been validated
    # The run numbers and gradients in the checkpoint that is resumed from.
    _resumed: dict | None = None
    _lock: IO | None = None

    def before_train(self, runner) -> None:
        """Lock the work dir, and complete what a kill has interrupted."""
        folder = str(self.out_dir or runner.work_dir)
        local = '://' not in folder
        if local and not (self.backend_args or self.file_client_args):
            self.backend_args = dict(backend=BACKEND)
        super().before_train(runner)
        if is_main_process():
            self._lock = lock_work_dir(runner.work_dir)
        if is_main_process() and local:
            start = None
            if self._resumed is not None:
                latest = find_latest_checkpoint(runner.work_dir)
                start = runner.cfg.get('load_from') or latest
            check_no_other_training(self.out_dir, start, self._forward)
        if self._forward:
            forward_schedulers(runner)
        elif self._resumed is not None:
            self._complete(runner, self._resumed)
        self._resumed = None

    def after_train(self, runner) -> None:
        """Publish checkpoints if configured, and unlock the work dir."""
        super().after_train(runner)
        if self._lock:
            self._lock.close()

    def _complete(self, runner, before: dict) -> None:
        """Do what an uninterrupted run would have done by now."""
        gradients = before[GRADIENTS]
        for name, parameter in _parameters(runner):
            if name in gradients:
                parameter.grad = gradients[name].to(parameter.device)
        loop = runner.train_loop
        at, end = (
            (loop.epoch, loop.max_epochs)
            if isinstance(loop, EpochBasedTrainLoop)
            else (loop.iter, loop.max_iters)
        )
        if (
            runner.val_loop is not None
            and before.get('validated') is False
            and at >= loop.val_begin
            and (at % loop.val_interval == 0 or at == end)
        ):
            self._saved = (at, dict(epoch=loop.epoch, iter=loop.iter))
            runner.val_loop.run()

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Remove a wrapper's prefixes, and refuse to resume another run."""
        if 'state_dict' in checkpoint:
            checkpoint['state_dict'] = state_dict_of(checkpoint)
        cfg = runner.cfg
        if not cfg.get('resume') or isinstance(runner._train_loop, dict):
            return  # a test, or a start from these weights
        path = str(cfg.get('load_from') or 'last_checkpoint')
        check_same_run(cfg, checkpoint, path, run_numbers(runner))
        self._forward = bool(cfg.get('resume_changed'))
        if self._forward:
            take_new_settings(runner, checkpoint)
        run = checkpoint['meta'].get(RUN_KEY) or {}
        self._resumed = {**run, GRADIENTS: checkpoint.pop(GRADIENTS, {})}

    def before_train_iter(self, runner, *args, **kwargs) -> None:
        """Forget what is only true for the weights before this iteration."""
        self._saved = self._choice = None
        self._validated = False

    def after_val_epoch(self, runner, metrics=None) -> None:
        """Complete the checkpoint of these weights, and keep the best."""
        if not hasattr(self, 'file_backend'):
            return  # a validation without a training
        metrics = metrics or {}
        loop = runner.val_loop
        self._choice = validated_choice(
            loop.evaluator.metrics, metrics, loop.dataloader.dataset
        )
        if self._choice is None and not self._warned:
            self._warned = True
            warn(
                'This validation does not evaluate boxes, so checkpoints are '
                'stored without a threshold. Choose one on images with '
                f'boxes: {SWEEP} CHECKPOINT'
            )
        saved, self._validated = self._saved, True
        super().after_val_epoch(runner, metrics)
        # save_best may have written it again.
        if saved and self._saved is saved:
            self._save_checkpoint_with_step(runner, *saved)

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Add what boxes need. This hook is the last, as EMA swaps weights."""
        carried = settings_of(runner.cfg, 'val')
        if self._choice and checkpoint.get('state_dict'):
            digest = weights_digest(state_dict_of(checkpoint))
            carried = {**self._choice, **carried, 'weights': digest}
        checkpoint['meta'][META_KEY] = carried
        run = checkpoint['meta'][RUN_KEY] = run_numbers(runner)
        run['validated'] = self._validated
        wrapper = runner.optim_wrapper
        if hasattr(wrapper, 'should_update') and not wrapper.should_update():
            run['between_steps'] = get_world_size() > 1
            checkpoint[GRADIENTS] = {
                name: parameter.grad.cpu()
                for name, parameter in _parameters(runner)
                if parameter.grad is not None
            }

    def _save_checkpoint_with_step(self, runner, step, meta) -> None:
        """Write the checkpoint, then its name, then remove outdated ones."""
        self._saved = (step, dict(meta))
        outdated = self._keep(runner, step)
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            name,
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        if is_main_process():
            pointer = osp.join(runner.work_dir, 'last_checkpoint')
            write_atomically(pointer, str(self.last_ckpt).encode())
            self._remove(outdated)

    def _keep(self, runner, step) -> list[str]:
        """Add a checkpoint to those kept, and list those to remove."""
        kept = self.keep_ckpt_ids if self.max_keep_ckpts > 0 else None
        if kept is None or (kept and kept[-1] == step):
            return []
        outdated = [kept[0]] if len(kept) == self.max_keep_ckpts else []
        kept.append(step)  # a deque of that length: drops the first
        runner.message_hub.update_info('keep_ckpt_ids', list(kept))
        return [
            self.file_backend.join_path(
                self.out_dir, self.filename_tmpl.format(old)
            )
            for old in outdated
            if old != step
        ]

    def _remove(self, paths) -> None:
        for path in paths:
            if self.file_backend.isfile(path):
                self.file_backend.remove(path)

    def _save_best_checkpoint(self, runner, metrics) -> None:
        """Remove the former best checkpoint after writing the new one."""
        backend = self.file_backend
        self.file_backend = later = _RemoveLater(backend)
        try:
            super()._save_best_checkpoint(runner, metrics)
        finally:
            self.file_backend = backend
        best = {getattr(self, 'best_ckpt_path', None)}
        best.update(getattr(self, 'best_ckpt_path_dict', {}).values())
        self._remove(path for path in later.noted if path not in best)
