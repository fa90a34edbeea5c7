"""Read the fields of a data sample after prediction, as a dictionary."""

import numpy as np

from mmspg.datasets.annotations.faults import DataError

UNRANKED = 2**31 - 1  # the rank of a class that is not among the known


def sample_index(sample):
    """Give what tells a sample of the data set from all others.

    Returns:
        tuple[int, str]: ``sample_idx``, and the path or id of the image. The
        parts of a ConcatDataset count ``sample_idx`` from 0 each.

    Raises:
        KeyError: The pipeline packs neither ``sample_idx`` nor ``img_id``.
    """
    if not {'sample_idx', 'img_id'}.intersection(sample):
        raise KeyError(
            "a data sample has neither 'sample_idx' nor 'img_id', so samples "
            'that the sampler repeats cannot be recognised. Add one of them '
            'to meta_keys of PackLocInputs'
        )
    image = sample.get('img_path') or sample.get('img_id')
    return sample.get('sample_idx', 0), str(image)


def sample_name(sample):
    """Name a sample in messages."""
    for key in ('img_id', 'img_path', 'sample_idx'):
        if sample.get(key) is not None:
            return str(sample[key])
    return 'a sample without img_id'


def true_label(sample):
    """Give the ground-truth class, int.

    Raises:
        ValueError: The sample has no class, or several.
    """
    label = _array(sample.get('gt_label', ()))
    if label.size != 1:
        raise ValueError(
            f'{sample_name(sample)}: expected one gt_label, there are '
            f'{label.size}. Evaluate on a split with class labels'
        )
    return int(label.reshape(()))


def true_labels(sample):
    """Give the ground-truth classes, a list of int; empty if unknown."""
    return _array(sample.get('gt_label', ())).ravel().astype(int).tolist()


def predicted_labels(sample):
    """Give the predicted classes, a list of int."""
    return _array(sample['pred_label']).ravel().astype(int).tolist()


def class_map(sample, label):
    """Pick the map of a class, or the first one if there are two.

    The ground-truth class is appended to the top-k predicted classes and may
    be among them. Both maps are the same, so only one is used.

    Args:
        sample (dict): A sample with ``score_map`` ``(K, h, w)`` and
            ``score_map_labels`` ``(K,)``.
        label (int): The class.

    Returns:
        ndarray: ``(h, w)`` float32, raw.

    Raises:
        ValueError: There is no map of this class.
    """
    if 'score_map' not in sample:
        raise ValueError(
            f'{sample_name(sample)}: the model gave no score_map. Its head '
            'must be a CAMHead or SPGHead, or give score_map and '
            'score_map_labels like these'
        )
    labels = _array(sample['score_map_labels'])
    found = np.flatnonzero(labels == label)
    if not found.size:
        raise ValueError(
            f'{sample_name(sample)}: there is no score map of class {label}, '
            f'only of {labels.tolist()}. Keep score_map_gt=True in model.head'
        )
    return _array(sample['score_map'][int(found[0])]).astype(np.float32)


def support_maps(sample, label):
    """Give the other maps of a class, two ``(h, w)``; [] where there are none.

    They are the class map and the mean of the features, see
    `CAMHead.predict`.
    """
    labels = _array(sample['score_map_labels'])
    found = np.flatnonzero(labels == label)
    maps = sample.get('support_maps')
    if maps is None or not found.size:
        return []
    return [
        _array(maps[i]).astype(np.float32)
        for i in (int(found[0]), len(labels))
    ]


def true_boxes(sample):
    """Give the boxes on the stored image, ``(n, 4)`` continuous corners.

    Raises:
        ValueError: The image has no box.
    """
    boxes = _array(sample.get('ori_gt_bboxes', ())).reshape(-1, 4)
    if not len(boxes):
        raise DataError(
            f'{sample_name(sample)}: there is no true box (ori_gt_bboxes). A '
            'localization metric needs a split whose images all have boxes. '
            'For photographs in folders save those of about fifty there '
            '(docs/own_photographs.md). For the class alone use '
            "mmpretrain's Accuracy"
        )
    return boxes.astype(np.float64)


def rank_of(scores, label):
    """Count the classes before this one; of equals the lower index is first.

    A score that is not finite comes last, since a diverged network is never
    right.

    Raises:
        ValueError: There is no such class.
    """
    scores = _array(scores).astype(np.float64)
    if not 0 <= label < len(scores):
        raise ValueError(
            f'gt_label is {label}, and there are scores of {len(scores)} '
            'classes, 0 and up. Check the labels of the data set'
        )
    own = scores[label]
    if not np.isfinite(own):
        return UNRANKED
    return int((scores > own).sum() + (scores[:label] == own).sum())


def _array(value):
    if hasattr(value, 'detach'):
        value = value.detach().cpu()
        # NumPy has no bfloat16.
        value = value.float() if value.is_floating_point() else value
    return np.asarray(value)
