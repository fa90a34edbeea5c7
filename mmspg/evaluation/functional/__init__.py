"""Score map to box, IoU and accuracy: pure functions on numpy arrays."""

from .boxes import (
    RULES,
    all_boxes_at_thresholds,
    best_iou_at_thresholds,
    boxes_at_thresholds,
    get_rule,
)
from .error_kinds import error_kinds
from .hits import hits_at_thresholds, pack_hits, unpack_hits
from .iou import box_iou, to_inclusive
from .pxap import pxap, pxap_edges, pxap_histograms
from .score_maps import (
    is_flat,
    min_max,
    place_score_map,
)
from .steps import (
    STEPS,
    apply_image_steps,
    apply_steps,
    checked_steps,
    rule_in_words,
    split_steps,
)

__all__ = [
    'RULES',
    'STEPS',
    'all_boxes_at_thresholds',
    'apply_image_steps',
    'apply_steps',
    'best_iou_at_thresholds',
    'box_iou',
    'boxes_at_thresholds',
    'checked_steps',
    'error_kinds',
    'get_rule',
    'hits_at_thresholds',
    'is_flat',
    'min_max',
    'pack_hits',
    'place_score_map',
    'pxap',
    'pxap_edges',
    'pxap_histograms',
    'rule_in_words',
    'split_steps',
    'to_inclusive',
    'unpack_hits',
]
