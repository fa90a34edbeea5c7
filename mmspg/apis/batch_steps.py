"""The steps of an inferencer for each batch, as mmpretrain defines them."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from numbers import Integral
from pathlib import Path

import mmcv
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmpretrain.apis import ImageClassificationInferencer
from mmpretrain.structures import DataSample

from mmspg.datasets.annotations.class_lists import NOTHING
from mmspg.evaluation.protocol import Protocol
from mmspg.visualization import LocalizationVisualizer
from mmspg.visualization.names import picture_name

from .models import build_pipeline
from .results import add_locations, draw_locations


class BatchSteps(ImageClassificationInferencer):
    """Preprocess, forward, visualize and postprocess, with score maps.

    `LocalizationInferencer` sets the attributes and calls the steps.
    """

    preprocess_kwargs = {'labels', 'topk'}
    visualize_kwargs = {'show', 'show_dir', 'wait_time', 'locations'}
    postprocess_kwargs = {'locations', 'all_boxes', 'return_score_maps'}
    visualizer: LocalizationVisualizer | None
    classes: Sequence[str] | None
    protocol: Protocol
    palette: str
    fast: bool
    _named: set[str]  # the names of pictures written in this call

    def _init_pipeline(self, cfg: Config) -> Callable:
        return build_pipeline(cfg)

    def preprocess(
        self,
        inputs: list[dict],
        batch_size: int = 1,
        labels: Sequence[int] | None = None,
        topk: int = 1,
    ):
        """Run the pipeline on the output of `load_inputs`, and yield batches.

        The batches request the maps of ``labels``, or else of the ``topk``
        predicted classes.
        """

        def run(info):
            data = self.pipeline(dict(info))
            sample = data['data_samples']
            sample.set_field(topk, 'score_map_topk', field_type='metainfo')
            if labels is not None:
                sample.set_field(torch.tensor(labels), 'score_map_request')
            return data

        chunked = self._get_chunk_data(map(run, inputs), batch_size)
        yield from map(default_collate, chunked)

    def forward(self, inputs: dict, **kwargs) -> list[DataSample]:
        """Feed a batch of :meth:`preprocess` to the model."""
        with torch.inference_mode() if self.fast else nullcontext():
            return super().forward(inputs, **kwargs)

    def _labels(self, sample: DataSample, locations) -> list[int]:
        """Give the classes to box, none if the image shows no object."""
        if not isinstance(locations, int):
            return locations
        if getattr(getattr(self.model, 'head', None), 'multi_label', 0):
            return sample.pred_label.tolist()
        labels = sample.pred_score.topk(locations).indices.tolist()
        names = [self.classes[c] if self.classes else '' for c in labels]
        if names[0] == NOTHING:
            return []
        return [
            label
            for label, name in zip(labels, names, strict=True)
            if name != NOTHING
        ]

    def visualize(
        self,
        ori_inputs: list[dict],
        preds: list[DataSample],
        show: bool = False,
        wait_time: float = 0,
        show_dir: str | None = None,
        locations=1,
    ) -> list[np.ndarray] | None:
        """Draw image, map and box, several classes one below another.

        See :meth:`stream` for the arguments. ``locations`` are the classes,
        or the number of predicted classes.

        Returns:
            list[ndarray]: ``(h, w, 3)`` uint8 RGB, or None if pictures are
            neither shown nor saved.
        """
        if not show and show_dir is None:
            return None
        if self.visualizer is None:
            self.visualizer = LocalizationVisualizer(palette=self.palette)
        pictures = []
        for info, sample in zip(ori_inputs, preds, strict=True):
            labels = self._labels(sample, locations)
            pictures.append(
                draw_locations(
                    self.visualizer,
                    info['img'],
                    sample,
                    labels,
                    self.classes,
                    self.protocol,
                )
            )
            name = picture_name(info['img_id'], self._named)
            if show_dir is not None:
                file = Path(show_dir) / name
                mmcv.imwrite(pictures[-1][..., ::-1], str(file))
            if show:
                self.visualizer.show(pictures[-1], name, wait_time)
        if show:
            self.visualizer.close()
        return pictures

    def postprocess(
        self,
        preds: list[DataSample],
        visualization,
        return_datasamples: bool = False,
        locations=1,
        all_boxes: bool = False,
        return_score_maps: bool = False,
    ) -> list:
        """Make boxes from the maps; see :meth:`__call__` for the results."""
        if return_datasamples:
            return preds
        results = super().postprocess(preds, visualization)
        for sample, result in zip(preds, results, strict=True):
            add_locations(
                result,
                sample,
                self._labels(sample, locations),
                self.protocol,
                self.classes,
                all_boxes,
                return_score_maps,
            )
        return results


def check_request(
    labels: Sequence[int] | None, topk: int, number: int, batch_size: int
) -> None:
    """Refuse a call that names no class or no image.

    Args:
        labels (Sequence[int], optional): The classes to box.
        topk (int): How many predicted classes to box.
        number (int): The number of classes.
        batch_size (int): Images in a forward pass.

    Raises:
        ValueError: ``labels`` is empty, or a number is too small, too large
            or not whole.
    """
    if labels is not None and not labels:
        raise ValueError(
            'label names no class. Leave it out to box the predicted one'
        )
    if not isinstance(topk, Integral) or not 1 <= topk <= number:
        raise ValueError(
            f'topk must be 1 to {number}, the number of classes, got {topk}'
        )
    if not isinstance(batch_size, Integral) or batch_size < 1:
        raise ValueError(
            f'batch_size must be a whole number of at least 1, got '
            f'{batch_size}'
        )
