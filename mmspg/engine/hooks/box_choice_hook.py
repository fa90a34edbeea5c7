"""After training, choose what the box step needs beside the threshold."""

from mmengine.hooks import Hook

from mmspg.evaluation.box_choices import choose_box_step
from mmspg.evaluation.choices import settings_of
from mmspg.evaluation.protocol import (
    BOX_STEP,
    protocol_with,
    validated_choice,
)
from mmspg.registry import HOOKS

from .sample_recorder import SampleRecorder


@HOOKS.register_module()
class BoxChoiceHook(Hook):
    """Choose valley and confidence on the boxes of the last validation.

    They are stored in the checkpoint, together with the threshold of that
    validation; see `mmspg.evaluation.box_choices`. If no image has a box,
    nothing is chosen.

    Args:
        most (int): The largest number of images that each process uses.
            Defaults to 2000.
    """

    priority = 'LOW'  # after logging, and before the checkpoint is written

    def __init__(self, most: int = 2000):
        self.most = most
        self.recorder = SampleRecorder(most)

    def before_val_epoch(self, runner) -> None:
        """Forget an earlier validation."""
        self.recorder = SampleRecorder(self.most)

    def after_val_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        """Keep a batch of the last validation."""
        if runner.iter >= runner.max_iters:
            self.recorder.keep(outputs)

    def after_val_epoch(self, runner, metrics=None) -> None:
        """Choose, if the validation has chosen a threshold."""
        metrics = {} if metrics is None else metrics
        chosen = validated_choice(
            runner.val_evaluator.metrics,
            metrics,
            runner.val_dataloader.dataset,
        )
        if chosen is None or runner.iter < runner.max_iters:
            return
        samples = self.recorder.gathered()
        protocol = protocol_with(
            settings_of(runner.cfg, 'val'), chosen['threshold']
        )
        metrics[BOX_STEP] = choose_box_step(samples, protocol)
        runner.logger.info(told(metrics[BOX_STEP]))


def told(chosen: dict) -> str:
    """Describe the choice in sentences."""
    valley, confidence = chosen['valley'], chosen['confidence']
    text = (
        'One box for each class did best on these images.'
        if valley is None
        else f'A box for each object did best, with valleys of {valley:g}.'
    )
    if confidence is None:
        return (
            f'{text} Too few boxes are right, or too few are wrong, or no '
            'feature tells them apart, so the scores are not calibrated.'
        )
    return (
        f'{text} A confidence was fitted to {confidence["boxes"]} boxes. '
        f'Cross-validated, {100 * confidence["precision"]:.1f} % of all boxes '
        f'and {100 * confidence["precision_half"]:.1f} % of the surer half '
        'are right, and the calibration error is '
        f'{100 * confidence["calibration_error"]:.1f} points.'
    )
