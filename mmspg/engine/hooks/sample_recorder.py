"""Keep the predictions of all images for use after the loop."""

import itertools

from mmengine.dist import all_gather_object
from mmengine.hooks import Hook

from mmspg.evaluation.samples import (
    class_map,
    predicted_labels,
    sample_index,
    support_maps,
    true_labels,
)

FIELDS = (
    *('img_id', 'img_path', 'exif', 'sample_idx', 'ori_shape', 'img_shape'),
    *('homography', 'pred_score', 'pred_label', 'pred_box', 'gt_label'),
    *('ori_gt_bboxes', 'gt_bbox_labels'),
)


class SampleRecorder(Hook):
    """Keep scores, boxes, and the maps of the true and predicted classes.

    Args:
        most (int, optional): The largest number of images that each process
            keeps; each takes some ten KiB. By default there is no limit.

    Attributes:
        samples (list[dict]): The samples, whose fields are arrays.
    """

    def __init__(self, most: int | None = None):
        self.most = most
        self.samples: list[dict] = []

    def after_test_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        """Keep a batch."""
        self.keep(outputs)

    def keep(self, outputs) -> None:
        """Keep the samples of a batch."""
        for sample in outputs or ():
            if self.most is None or len(self.samples) < self.most:
                fields = sample.cpu().numpy().to_dict()
                self.samples.append(kept_fields(fields))

    def gathered(self) -> list[dict]:
        """Gather the samples of all processes, each image once."""
        shares = all_gather_object(self.samples)
        samples = itertools.chain.from_iterable(shares)
        return list({sample_index(s): s for s in samples}.values())


def kept_fields(sample: dict) -> dict:
    """Keep of a sample only the fields and maps that its boxes need."""
    kept = {key: sample[key] for key in FIELDS if key in sample}
    labels = {*predicted_labels(sample), *true_labels(sample)}
    labels &= set(map(int, sample['score_map_labels']))
    kept['score_map_labels'] = sorted(labels)
    kept['score_map'] = [class_map(sample, label) for label in sorted(labels)]
    others = [support_maps(sample, label) for label in sorted(labels)]
    if others and others[0]:
        of_classes, (features, *_) = zip(*others, strict=True)
        kept['support_maps'] = [*of_classes, features]
    return kept
