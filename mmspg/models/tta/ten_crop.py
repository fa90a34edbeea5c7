"""Take the class from ten crops and the map from the whole image."""

import numpy as np
import torch
from mmengine.model import BaseTTAModel

from mmspg.datasets.transforms.geometry import move_boxes
from mmspg.registry import MODELS

from ..requests import requested_labels


@MODELS.register_module()
class TenCropTTA(BaseTTAModel):
    """Give the mean softmax of crops and the score maps of the whole image.

    The paper tests like this (section 4.1): four corners, the centre and
    their mirror images give the class scores, and the box needs the whole
    image. The first view of ``tta_pipeline`` is the whole image. It does not
    count in the mean. It is run last, since the crops decide which maps are
    needed: those of the merged top-k classes and of the ground truth.

    The number of crops may be another. A sample that has its own
    ``score_map_request`` keeps it.

    Args:
        module (dict | nn.Module): The classifier.
        data_preprocessor (dict, optional): The classifier's preprocessor.
        topk (int): Number of classes that get maps. Defaults to 5.
    """

    def __init__(self, module, data_preprocessor=None, topk=5):
        super().__init__(module, data_preprocessor)
        head = getattr(self.module, 'head', None)
        if getattr(head, 'multi_label', False):
            raise ValueError(
                'TenCropTTA averages softmax scores, which a network with '
                'several labels for an image (multi_label) does not have. '
                'Test it without --tta.'
            )
        self.topk = topk

    def test_step(self, data):
        """Predict a batch of augmented images.

        Args:
            data (dict): ``inputs`` and ``data_samples``, each a list of
                views, and each view a batch.

        Returns:
            list[DataSample]: Samples of the whole images. ``score_map``
            ``(K, h, w)`` and ``score_map_labels`` ``(K,)`` are their own;
            ``pred_score`` ``(C,)`` and ``pred_label`` ``(1,)`` come from the
            crops.

        Raises:
            ValueError: There is only one view, or the first view is a part
                of the image.
        """
        number = len(data['inputs'])
        if number < 2:
            raise ValueError(
                'TenCropTTA: tta_pipeline gives only one view. It must give '
                'the whole image and at least one crop, as in '
                'configs/_base_/tta/ten_crop_224.py'
            )
        whole, *crops = (
            {key: views[i] for key, views in data.items()}
            for i in range(number)
        )
        for sample in whole['data_samples']:
            _check_whole(sample)
        predictions = [self.module.test_step(crop) for crop in crops]
        merged = self.merge_preds(list(zip(*predictions, strict=True)))
        asked = requested_labels(
            torch.stack(merged),
            whole['data_samples'],
            self.topk,
            with_truth=False,
        )
        for sample, labels in zip(whole['data_samples'], asked, strict=True):
            sample.set_field(labels, 'score_map_request', dtype=torch.Tensor)
        samples = self.module.test_step(whole)
        for sample, score in zip(samples, merged, strict=True):
            sample.set_pred_score(score)
            sample.set_pred_label(score.argmax(dim=0, keepdim=True))
        return samples

    def merge_preds(self, data_samples_list):
        """Average the class scores of each image's crops.

        Args:
            data_samples_list (list[list[DataSample]]): The crops of each
                image.

        Returns:
            list[Tensor]: ``(C,)`` for each image.
        """
        return [
            torch.stack([sample.pred_score for sample in samples]).mean(dim=0)
            for samples in data_samples_list
        ]


def _check_whole(sample) -> None:
    """Refuse a view that does not show the image from corner to corner."""
    keys = ('homography', 'ori_shape', 'img_shape')
    if any(key not in sample for key in keys):
        return
    (ori_h, ori_w), (h, w) = sample.ori_shape[:2], sample.img_shape[:2]
    corners = np.array([[0, 0, ori_w, ori_h]])
    (seen,) = move_boxes(corners, np.asarray(sample.homography))
    if np.abs(seen - [0, 0, w, h]).max() > 1:
        raise ValueError(
            f'TenCropTTA: the first view of {sample.get("img_path")} is a '
            'part of the image, and the score map must be of the whole. Let '
            'tta_pipeline give the whole image first and then the crops, as '
            'in configs/_base_/tta/ten_crop_224.py'
        )
