"""Write the score maps of a test."""

import numpy as np
from mmengine.logging import print_log

from mmspg.registry import METRICS

from ..functional import checked_steps
from ..samples import class_map, sample_name, true_label
from ..wsol.score_map_files import map_path, write_compact, write_wsol
from .record_metric import RecordMetric


@METRICS.register_module()
class DumpScoreMaps(RecordMetric):
    """A metric without figures that writes a file of maps for every image.

    ``tools/analysis_tools/eval_score_maps.py`` reads either format.

    Args:
        out_dir (str): Folder for ``<img_id>.npz`` or ``<img_id>.npy``.
        form (str): 'compact' writes all maps that the model gives, at feature
            resolution with 16 bits for each pixel (about 10 KiB per image).
            'benchmark' writes only the map of the true class, 224 x 224
            float32 in [0, 1] (196 KiB). Defaults to 'compact'.
        score_map_steps (Sequence): Steps of a 'benchmark' map, see
            `LocalizationMetric`; a compact one stays raw. Defaults to none.
        **kwargs: ``collect_device``, ``prefix``, ``collect_dir``.
    """

    default_prefix = 'score_maps'

    def __init__(self, out_dir, form='compact', score_map_steps=(), **kwargs):
        super().__init__(**kwargs)
        if form not in ('compact', 'benchmark'):
            raise ValueError(
                f"DumpScoreMaps: form={form!r}; valid are 'compact' and "
                "'benchmark'"
            )
        self.out_dir = out_dir
        self.form = form
        self.score_map_steps = checked_steps(
            score_map_steps, with_image=form == 'compact'
        )

    def record(self, sample):
        """Write the maps of one image.

        Raises:
            ValueError: The network regresses a box.
        """
        image, label = sample_name(sample), true_label(sample)
        if 'pred_box' in sample:
            raise ValueError(
                f'{image}: the network regresses its box, and figures of its '
                'maps would not be its own. Leave out --dump-score-maps'
            )
        if self.form == 'benchmark':
            path = map_path(self.out_dir, image, '.npy')
            write_wsol(
                path, class_map(sample, label), sample, self.score_map_steps
            )
            return
        labels = list(dict.fromkeys(sample['score_map_labels'].tolist()))
        maps = [class_map(sample, label) for label in labels]
        kept = dict(gt_label=label)
        for key in ('ori_shape', 'img_shape', 'homography'):
            if sample.get(key) is not None:
                kept[key] = np.asarray(sample[key])
        write_compact(
            map_path(self.out_dir, image, '.npz'), maps, labels, kept
        )

    def compute_metrics(self, results):
        """Say how many files there are; there is no figure."""
        print_log(
            f'score maps of {len(results)} images are in {self.out_dir}',
            logger='current',
        )
        return {}
