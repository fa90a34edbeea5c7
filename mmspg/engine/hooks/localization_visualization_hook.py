"""Draw predictions while a model is validated or tested."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.fileio import join_path
from mmengine.logging import MessageHub
from mmpretrain.engine.hooks import VisualizationHook
from mmpretrain.structures import DataSample

from mmspg.datasets.images.reading import UnreadableImageError, read_image
from mmspg.evaluation.choices import settings_of
from mmspg.evaluation.locate import lay_on_image
from mmspg.evaluation.metrics import LocalizationMetric
from mmspg.evaluation.protocol import default_threshold
from mmspg.registry import HOOKS
from mmspg.utils.carried_config import carried_settings
from mmspg.utils.warn import warn
from mmspg.visualization.names import safe_name


def reported_threshold(default: float | None = None) -> float | None:
    """Look up the threshold that `LocalizationMetric` reported last.

    Args:
        default (float, optional): What is returned before its first report.

    Returns:
        float: The threshold that the last validation of this process has
        logged, or else its last test.
    """
    scalars = MessageHub.get_current_instance().log_scalars
    for key in ('val/loc/threshold', 'test/loc/threshold'):
        if key in scalars:
            return float(scalars[key].current())
    return default


def unwarp(
    inputs: torch.Tensor, data_sample: DataSample, order: str = 'bgr'
) -> np.ndarray:
    """Lay the network's input back on the pixels of the stored image.

    Args:
        inputs (Tensor): ``(3, h, w)`` in [0, 255], before the data
            preprocessor.
        data_sample (DataSample): It has ``ori_shape``, ``img_shape`` and,
            unless the image was only resized, ``homography``.
        order (str): Channel order of ``inputs``, 'bgr' or 'rgb'.

    Returns:
        np.ndarray: ``(H, W, 3)`` uint8 RGB; what a crop left out is black.
    """
    image = inputs.permute(1, 2, 0).clamp(0, 255).byte().cpu().numpy()
    if order == 'bgr':
        image = image[..., ::-1]
    return lay_on_image(image, data_sample)


@HOOKS.register_module()
class LocalizationVisualizationHook(VisualizationHook):
    """Draw image, score map, predicted and true boxes of some samples.

    Unlike mmpretrain's ``VisualizationHook`` it draws the stored image, not
    the network's input, and no two images share a name. The options
    ``--show-dir`` and ``--show`` of ``tools/test.py`` switch it on. Samples
    are counted by their index in the data set. In a distributed run only the
    main process draws, and only its own samples.

    The image is read again from ``img_path``, on the grid of its boxes. If
    that fails or gives an image of another size, the network's input is laid
    back on the image instead. So no picture ends an evaluation.

    Args:
        enable (bool): Whether to draw at all. Defaults to False.
        interval (int): Draw the first of every so many samples.
            Defaults to 5000.
        show (bool): Show the pictures in a window. Defaults to False.
        out_dir (str, optional): Folder for the pictures, named
            ``{img_id}_{epoch}.png``. None: the visualizer's backends.
        threshold (float | str): Score at which the map is cut. 'metric'
            takes the threshold of the loop's `LocalizationMetric` if it is
            fixed. The oracle's threshold is known only afterwards, so
            otherwise it takes the one that this run reported last, the one
            stored in the checkpoint, or the default of the rule and the
            map. Defaults to 'metric'.
        input_order (str): Channel order of the inputs, 'bgr' or 'rgb'.
            Defaults to 'bgr', which mmpretrain's and our loaders give.
        **kwargs: Arguments of
            `LocalizationVisualizer.visualize_localization`: rule,
            align_corners and score_map_steps (by default the metric's),
            label, draw_gt, alpha, palette, min_side, max_side, wait_time.

    Raises:
        ValueError: The threshold is neither a number >= 0 nor 'metric'.
        TypeError: The hook is enabled, and the visualizer is another one.

    Examples:
        >>> default_hooks = dict(visualization=dict(
        ...     type='mmspg.LocalizationVisualizationHook', enable=True,
        ...     interval=100, palette='colour-blind'))
    """

    def __init__(
        self,
        enable: bool = False,
        interval: int = 5000,
        show: bool = False,
        out_dir: str | None = None,
        threshold: float | str = 'metric',
        input_order: str = 'bgr',
        **kwargs,
    ):
        super().__init__(enable, interval, show, out_dir, **kwargs)
        if threshold != 'metric' and not (
            isinstance(threshold, (int, float)) and threshold >= 0
        ):
            raise ValueError(
                f'visualization: threshold={threshold!r}; expected a number '
                ">= 0 or 'metric'"
            )
        if input_order not in ('bgr', 'rgb'):
            raise ValueError(
                f"visualization: input_order={input_order!r}; valid are 'bgr'"
                " and 'rgb'"
            )
        drawn_by = type(self._visualizer).__name__
        if enable and not hasattr(self._visualizer, 'visualize_localization'):
            raise TypeError(
                f'visualization: a {drawn_by} cannot draw localizations. '
                "Write visualizer = dict(type='mmspg.LocalizationVisualizer')"
            )
        self.threshold = threshold
        self.input_order = input_order
        self._warned = False
        self._protocol = {}  # the metric's, for the visualizer
        self._map_source = 'attention'  # the map that localizes
        # the metric's threshold, if it has been fixed
        self._fixed: float | None = None
        # the one that the checkpoint carries
        self._stored: float | None = None

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Look up the threshold that was chosen for the checkpoint."""
        self._stored = carried_settings(checkpoint).get('threshold')

    def before_val(self, runner) -> None:
        """Draw by the rule of the validation's metric."""
        self._follow(runner, runner.val_loop.evaluator)

    def before_test(self, runner) -> None:
        """Draw by the rule of the test's metric."""
        self._follow(runner, runner.test_loop.evaluator)

    def _follow(self, runner, evaluator) -> None:
        self._map_source = settings_of(runner.cfg)['map_source']
        for metric in evaluator.metrics:
            if isinstance(metric, LocalizationMetric):
                self._protocol = metric.reading
                grid, index = metric.choice.grid, metric.choice.index
                self._fixed = None if index is None else float(grid[index])
                return

    def _threshold(self, rule: str) -> float | None:
        if not isinstance(self.threshold, str):
            return self.threshold
        if self._fixed is not None:
            return self._fixed
        stored = self._stored
        return reported_threshold(
            default_threshold(rule, self._map_source)
            if stored is None
            else stored
        )

    def _draw_samples(
        self,
        batch_idx: int,
        data_batch: dict,
        data_samples: Sequence[DataSample],
        step: int = 0,
    ) -> None:
        """Draw every ``interval``-th sample of the data set.

        Args:
            batch_idx (int): Index of the batch in the loop.
            data_batch (dict): From the data loader. ``inputs`` are looked
                at only where an image cannot be read.
            data_samples (Sequence[DataSample]): The predictions.
            step (int): Epoch or iteration. Defaults to 0.
        """
        if not self.enable or not is_main_process():
            return
        for i, data_sample in enumerate(data_samples):
            number = batch_idx * len(data_samples) + i
            number = int(data_sample.get('sample_idx', number))
            if number % self.interval == 0:
                image = self._image(data_sample, data_batch, i)
                if image is not None:
                    self._draw(image, data_sample, str(number), step)

    def _draw(self, image, data_sample, number, step) -> None:
        name = safe_name(str(data_sample.get('img_id', number)))
        out_file = None
        if self.out_dir is not None:
            out_file = join_path(self.out_dir, f'{name}_{step}.png')
        options = {'rule': 'largest_area', **self._protocol, **self.draw_args}
        self._visualizer.visualize_localization(
            image,
            data_sample,
            threshold=self._threshold(options['rule']),
            out_file=out_file,
            name=name,
            step=step,
            **options,
        )

    def _image(self, data_sample, data_batch, i) -> np.ndarray | None:
        """Get the stored image, ``(H, W, 3)`` uint8 RGB."""
        try:
            exif = data_sample.get('exif', 'ignore')
            image = read_image(data_sample.img_path, exif)[..., ::-1]
            if image.shape[:2] == tuple(data_sample.ori_shape):
                return np.ascontiguousarray(image)
            reason = f'{data_sample.img_path} has changed its size'
        except (AttributeError, UnreadableImageError) as error:
            reason = str(error)
        inputs = data_batch['inputs'][i]
        drawable = isinstance(inputs, torch.Tensor) and inputs.ndim == 3
        if not self._warned:
            self._warned = True
            warn(
                f'visualization: {reason}; the network input is drawn '
                'instead, and so for other images that cannot be read'
                if drawable
                else f'visualization: {reason}; the picture is left out'
            )
        if drawable:
            return unwarp(inputs, data_sample, self.input_order)
        return None
