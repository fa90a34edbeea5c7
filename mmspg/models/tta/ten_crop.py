"""The class from ten crops, the map from the whole image."""

import torch
from mmengine.model import BaseTTAModel

from mmspg.registry import MODELS

from ..requests import requested_labels


@MODELS.register_module()
class TenCropTTA(BaseTTAModel):
    """Mean softmax of the crops; score maps of the whole image.

    As the paper tests (section 4.1): four corners, the centre and their
    mirror images give the class scores; the box needs the whole image. The
    first view of ``tta_pipeline`` is the whole image. It stays out of the
    mean, and is run last, when the crops have said which classes' maps are
    wanted: those of the merged top-k, and the ground truth's.

    Any number of crops will do. A sample that brings a ``score_map_request``
    of its own keeps it.

    Args:
        module (dict | nn.Module): The classifier.
        data_preprocessor (dict, optional): The classifier's.
        topk (int): Classes whose maps are wanted. Defaults to 5.
    """

    def __init__(self, module, data_preprocessor=None, topk=5):
        super().__init__(module, data_preprocessor)
        self.topk = topk

    def test_step(self, data):
        """Predict a batch of augmented images.

        Args:
            data (dict): ``inputs`` and ``data_samples``, each a list of
                views, and each view a batch.

        Returns:
            list[DataSample]: For the whole images: ``score_map``
            ``(K, h, w)`` and ``score_map_labels`` ``(K,)`` their own,
            ``pred_score`` ``(C,)`` and ``pred_label`` ``(1,)`` the crops'.

        Raises:
            ValueError: There is but one view.
        """
        number = len(data['inputs'])
        if number < 2:
            raise ValueError(
                'TenCropTTA: tta_pipeline gives one view only; the whole '
                'image and at least one crop were expected, as in '
                'configs/_base_/tta/ten_crop_224.py'
            )
        whole, *crops = (
            {key: views[i] for key, views in data.items()}
            for i in range(number)
        )
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
            data_samples_list (list[list[DataSample]]): Image by crop.

        Returns:
            list[Tensor]: ``(C,)``, an image each.
        """
        return [
            torch.stack([sample.pred_score for sample in samples]).mean(dim=0)
            for samples in data_samples_list
        ]
