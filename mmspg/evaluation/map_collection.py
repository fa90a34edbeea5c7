"""Collect the raw maps of a network on all images, to compare them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor

from mmspg.models.classifiers.views_classifier import mean_of_views

from .map_sources import available_sources, remember_branches
from .samples import true_label

KEPT = (
    *('img_id', 'img_path', 'exif', 'ori_shape', 'img_shape', 'homography'),
    *('ori_gt_bboxes', 'sample_idx'),
)
VIEWS_TRIED: dict[str, dict] = {
    'flip': dict(flip=True),
    'sizes 1 and 1.5': dict(scales=[1.0, 1.5]),
    'flip, sizes 1 and 1.5': dict(flip=True, scales=[1.0, 1.5]),
}


@torch.no_grad()
def walk_maps(
    model,
    dataloader,
    sources: Sequence[str],
    attributions: Mapping[str, Callable[..., Tensor]] = MappingProxyType({}),
) -> Iterator[list[dict]]:
    """Make raw maps of the true class of each image, batch by batch.

    Args:
        model (ImageClassifier): A model in evaluation mode. It is not
            changed.
        dataloader (DataLoader): Loads images.
        sources (Sequence[str]): Names of maps of its head, all made in one
            pass.
        attributions (Mapping[str, Callable]): Functions ``(images, labels)
            -> maps`` by the names of the maps, see `attribution_maps`. Each
            takes passes of its own.

    Yields:
        list[dict]: For each image of a batch the fields that `locate` needs,
        and ``maps``, a map ``(h, w)`` float32 by each name.
    """
    head = model.head
    for batch in dataloader:
        batch = model.data_preprocessor(batch)
        rows, labels = _rows_of(batch)
        if sources:
            feats = remember_branches(model.extract_feat(batch['inputs']))
            before = head.score_map_source
            try:
                for head.score_map_source in sources:
                    maps = head.score_maps(feats, labels)
                    _add(rows, head.score_map_source, maps)
            finally:
                head.score_map_source = before
        for name, attribute in attributions.items():
            _add(rows, name, attribute(batch['inputs'], labels).float())
        yield rows


def collect_maps(model, dataloader, attributions=None) -> list[dict]:
    """Collect all raw maps of the true class of each image.

    Args:
        model (ImageClassifier): See `walk_maps`.
        dataloader (DataLoader): Loads images with boxes.
        attributions (Mapping[str, Callable], optional): See `walk_maps`.
            Defaults to None, none.

    Returns:
        list[dict]: As from `walk_maps`, with a map for each source of the
        head, including products of two, and for each attribution.
    """
    sources = sources_and_products(available_sources(model))
    walk = walk_maps(model, dataloader, sources, attributions or {})
    return [row for rows in walk for row in rows]


@torch.no_grad()
def collect_views(model, dataloader, source: str) -> list[dict]:
    """Collect one map of each image, with and without several views.

    Args:
        model (ImageClassifier): As for `collect_maps`. It is not changed.
        dataloader (DataLoader): Loads images with boxes.
        source (str): The name of the map.

    Returns:
        list[dict]: As from `collect_maps`, but the keys of ``maps`` are
        'image', for the image alone, and the names of `VIEWS_TRIED`.
    """
    head, before = model.head, model.head.score_map_source
    found = []
    try:
        head.score_map_source = source
        for batch in dataloader:
            batch = model.data_preprocessor(batch)
            rows, labels = _rows_of(batch)

            def maps_of(view, labels=labels):
                return head.score_maps(model.extract_feat(view), labels)

            seen = {(1.0, False): maps_of(batch['inputs'])}
            views = dict(image=seen[1.0, False])
            for name, options in VIEWS_TRIED.items():
                views[name] = mean_of_views(
                    maps_of, batch['inputs'], **options, seen=seen
                )
            for name, maps in views.items():
                _add(rows, name, maps)
            found += rows
    finally:
        head.score_map_source = before
    return found


def _rows_of(batch):
    """Give a row for each image, and the classes ``(N, 1)``."""
    samples = [sample.to_dict() for sample in batch['data_samples']]
    labels = torch.tensor([[true_label(sample)] for sample in samples])
    rows = [
        dict({key: s[key] for key in KEPT if key in s}, maps={})
        for s in samples
    ]
    return rows, labels.to(batch['inputs'].device)


def _add(rows, name, maps):
    for row, one in zip(rows, maps[:, 0].cpu().numpy(), strict=True):
        row['maps'][name] = one.copy()


def sources_and_products(sources: Sequence[str]) -> list[str]:
    """List the single maps, and the product of each pair."""
    single = [s for s in sources if s != 'attention_fuse']
    pairs = [f'{a}*{b}' for i, a in enumerate(single) for b in single[i + 1 :]]
    return [*single, *pairs]
