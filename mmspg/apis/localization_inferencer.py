"""Where is it? A trained model for other programs."""

import itertools
import logging
from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import contextmanager, nullcontext
from difflib import get_close_matches
from pathlib import Path

import mmcv
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, default_collate
from mmengine.logging import print_log
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmpretrain.apis import ImageClassificationInferencer, ModelHub
from mmpretrain.registry import TRANSFORMS
from mmpretrain.structures import DataSample
from mmpretrain.utils import track

from mmspg.datasets.transforms import check_pipeline
from mmspg.engine.hooks.localization_visualization_hook import safe_name
from mmspg.evaluation.functional import all_boxes_at_thresholds, get_rule
from mmspg.evaluation.locate import locate
from mmspg.evaluation.protocol import protocol_of
from mmspg.utils.cfg import load_config
from mmspg.utils.checkpoint import check_checkpoint, read_checkpoint
from mmspg.visualization import LocalizationVisualizer, draw_sheet

from .fast import make_fast
from .inputs import list_inputs, load_inputs, on_whole_image
from .results import save_results

UNREADABLE = ('raise', 'skip')


class LocalizationInferencer(ImageClassificationInferencer):
    """Classify images and box what was found.

    It has mmpretrain's conventions, and the same boxes as ``tools/test.py``
    and the visualization hook: all three call `locate`. Images are seen as a
    person sees them, turned by EXIF, and boxes are in those pixels.

    Args:
        model (str | Config | BaseModel): A config file, a name
            (``LocalizationInferencer.list_models('*spg*')``), a config, or
            a model that mmpretrain's ``get_model`` built.
        pretrained (str | bool): The checkpoint. True takes the config's
            ``load_from`` or the name's published weights; False leaves the
            network random, for trials. Defaults to True.
        device (str, optional): 'cuda:0', say. Defaults to the CPU.
        classes (Sequence[str], optional): Names of the classes. None: those
            in the checkpoint.
        threshold (float, optional): Where maps are cut. None: see
            `mmspg.evaluation.protocol.protocol_of`.
        rule (str, optional): From map to box, one of
            `mmspg.evaluation.functional.RULES` that gives one box. None:
            the metric's of the config.
        palette (str): Of the pictures, 'paper' or 'colour-blind'.
        fast (bool | dict): Fold BatchNorm into the convolutions and compute
            in inference mode; a dict has settings of
            `mmspg.apis.fast.make_fast`, ``dict(compile=True)`` say. Scores
            change by rounding. The model is changed in place. Defaults to
            False.
        **kwargs: Settings of the model, ``head=dict(num_classes=40)`` say;
            only with a name or config.

    Attributes:
        protocol (Protocol): Threshold, rule and where they came from.
        unreadable (dict[str, str]): File to reason, of the last call.

    Raises:
        ValueError: No weights, or weights of another network; a pipeline
            whose geometry cannot be followed.

    Examples:
        >>> from mmspg.apis import LocalizationInferencer
        >>> find = LocalizationInferencer('config.py', 'epoch_3.pth')
        >>> find('bird.jpg')[0]['box']
        [41, 30, 255, 190]
    """

    preprocess_kwargs = {'labels'}
    visualize_kwargs = {'show', 'show_dir', 'wait_time', 'locations'}
    postprocess_kwargs = {'locations', 'all_boxes', 'return_score_maps'}
    visualizer: LocalizationVisualizer | None

    def __init__(
        self,
        model,
        pretrained: str | bool = True,
        device=None,
        classes: Sequence[str] | None = None,
        threshold: float | None = None,
        rule: str | None = None,
        palette: str = 'paper',
        fast: bool | dict = False,
        **kwargs,
    ):
        if pretrained is True and not isinstance(model, BaseModel):
            pretrained = _published(model)
        if isinstance(pretrained, Path):
            pretrained = str(pretrained)
        if isinstance(pretrained, str):
            read_checkpoint(pretrained)  # MMEngine's loader may unpickle
        super().__init__(model, pretrained, device, classes, **kwargs)
        checkpoint = pretrained if isinstance(pretrained, str) else None
        if checkpoint is not None:
            check_checkpoint(self.model, checkpoint)
        self.protocol = protocol_of(self.config, checkpoint)
        if rule is not None and rule != self.protocol.rule:
            own = get_rule(rule).thresholds
            if own is not None:
                threshold = own[0] if threshold is None else threshold
            self.protocol = self.protocol._replace(rule=rule)
        if threshold is not None:
            self.protocol = self.protocol._replace(
                threshold=float(threshold), source='given'
            )
        self.palette = palette
        self.fast = bool(fast) or fast == {}
        if self.fast:
            make_fast(self.model, **(fast if isinstance(fast, dict) else {}))
        self.unreadable = {}

    def __call__(
        self,
        inputs,
        return_datasamples: bool = False,
        batch_size: int = 1,
        **kwargs,
    ) -> list[dict]:
        """Locate in all images; see :meth:`stream` for the arguments.

        Returns:
            list[dict]: One an image, without the unreadable ones:
            ``img_id`` (and ``img_path`` of a file), ``size`` (w, h),
            ``pred_label``, ``pred_score``, ``pred_scores`` ``(C,)``,
            ``pred_class`` where names are known, ``box`` [x0, y0, x1, y1]
            in inclusive pixels ([0, 0, 0, 0] if there is nothing to box),
            and ``locations``, a list of ``label``, ``class``, ``score``
            and ``box`` of every class asked for, the first being ``box``.
        """
        return list(
            self.stream(inputs, return_datasamples, batch_size, **kwargs)
        )

    def stream(
        self,
        inputs,
        return_datasamples: bool = False,
        batch_size: int = 1,
        label: int | str | Sequence | None = None,
        topk: int = 1,
        unreadable: str = 'raise',
        progress: bool = True,
        leave_out: Sequence[str | Path] = (),
        **kwargs,
    ) -> Iterator[dict]:
        """Locate image by image, in memory that does not grow.

        Args:
            inputs: See `mmspg.apis.inputs.list_inputs`.
            return_datasamples (bool): Yield mmpretrain's ``DataSample``.
                Defaults to False.
            batch_size (int): Images a forward pass. Defaults to 1.
            label (int | str | Sequence, optional): Class or classes to box,
                by number or name. None: the predicted ones.
            topk (int): Box this many predicted classes. Defaults to 1.
            unreadable (str): 'raise' or 'skip', which logs the image and
                keeps it in ``unreadable``. Defaults to 'raise'.
            progress (bool): Show a bar. Defaults to True.
            leave_out (Sequence[str]): Folders in a folder of inputs that are
                not looked at.
            **kwargs: ``all_boxes`` (bool): add ``boxes``, those of all
                components, largest first. ``return_score_maps`` (bool): add
                ``score_map`` ``(H, W)`` float32 in [0, 1], at image size.
                ``show``, ``wait_time``, ``show_dir``: pictures.

        Yields:
            dict: See :meth:`__call__`.

        Raises:
            UnreadableImageError: With 'raise'; it names the image.
            ValueError: Unknown class or option.
        """
        if unreadable not in UNREADABLE:
            raise ValueError(
                f'unreadable must be one of {UNREADABLE}, got {unreadable!r}'
            )
        labels = None if label is None else self.labels_of(label)
        head = getattr(self.model, 'head', None)
        number = getattr(head, 'num_classes', topk)
        if not 1 <= topk <= number:
            raise ValueError(
                f'topk must be 1 to {number}, the number of classes, '
                f'got {topk}'
            )
        locations = labels or topk
        _, _, drawn, packed = self._dispatch_kwargs(**kwargs)
        self.unreadable = {}
        items, root = list_inputs(inputs, leave_out)
        total = len(items) if isinstance(items, Sized) else None
        if progress:
            items = track(items, 'Localization', total=total)
        loaded = self._readable(load_inputs(items, root), unreadable)
        while chunk := list(itertools.islice(loaded, batch_size)):
            data = next(self.preprocess(chunk, len(chunk), labels=labels))
            with _maps_of_topk(head, topk):
                preds = self.forward(data)
            pictures = self.visualize(
                chunk, preds, locations=locations, **drawn
            )
            results = self.postprocess(
                preds,
                pictures,
                return_datasamples,
                locations=locations,
                **packed,
            )
            if return_datasamples:
                yield from results
            else:
                yield from map(on_whole_image, results, chunk)

    def _readable(self, loaded, unreadable) -> Iterator[dict]:
        for info, error in loaded:
            if error is None:
                yield info
            elif unreadable == 'raise':
                raise error
            else:
                self.unreadable[info['img_id']] = str(error)
                print_log(f'left out: {error}', 'current', logging.WARNING)

    def labels_of(self, classes) -> list[int]:
        """Numbers of classes that were given by number or name.

        Raises:
            ValueError: Unknown class; similar names are listed.
        """
        if isinstance(classes, (str, int, np.integer)):
            classes = [classes]
        names = list(self.classes or ())
        count = getattr(self.model.head, 'num_classes', len(names))
        labels = []
        for name in classes:
            if isinstance(name, str) and name in names:
                labels.append(names.index(name))
            elif str(name).isdecimal() and int(name) < count:
                labels.append(int(name))
            else:
                raise ValueError(_unknown(name, names, count))
        return labels

    def _init_pipeline(self, cfg: Config) -> Callable:
        """The test pipeline, with a loader that takes what is loaded."""
        pipeline = [dict(t) for t in cfg.test_dataloader.dataset.pipeline]
        for transform in pipeline:
            name = str(transform['type']).split('.')[-1]
            if name in ('LoadImageFromFile', 'LoadLocImage'):
                transform.clear()
                transform['type'] = 'mmspg.LoadLocImage'
            elif name == 'PackInputs':
                transform['type'] = 'mmspg.PackLocInputs'
        # Whatever scope the program ran a Runner in before.
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            built = [TRANSFORMS.build(t) for t in pipeline]
        check_pipeline(built)
        return Compose(built)

    def preprocess(self, inputs: list[dict], batch_size: int = 1, labels=None):
        """Run the pipeline.

        Args:
            inputs (list[dict]): Of `load_inputs`.
            batch_size (int): Images a batch. Defaults to 1.
            labels (Sequence[int], optional): Classes whose maps are wanted.

        Yields:
            dict: A batch, for :meth:`forward`.
        """

        def run(info):
            data = self.pipeline(dict(info))
            if labels is not None:
                data['data_samples'].set_field(
                    torch.tensor(labels), 'score_map_request'
                )
            return data

        chunked = self._get_chunk_data(map(run, inputs), batch_size)
        yield from map(default_collate, chunked)

    def forward(self, inputs: dict, **kwargs) -> list[DataSample]:
        """Feed a batch of :meth:`preprocess` to the model."""
        with torch.inference_mode() if self.fast else nullcontext():
            return super().forward(inputs, **kwargs)

    def _labels(self, sample: DataSample, locations) -> list[int]:
        if isinstance(locations, int):
            return sample.pred_score.topk(locations).indices.tolist()
        return locations

    def visualize(
        self,
        ori_inputs: list[dict],
        preds: list[DataSample],
        show: bool = False,
        wait_time: float = 0,
        show_dir: str | None = None,
        locations=1,
    ) -> list[np.ndarray] | None:
        """Draw image, map and box; of several classes, one below another.

        Args:
            ori_inputs (list[dict]): Of `load_inputs`.
            preds (list[DataSample]): Of :meth:`forward`.
            show (bool): In a window. Defaults to False.
            wait_time (float): Seconds; 0 waits for a key. Defaults to 0.
            show_dir (str, optional): Write ``{name}.png`` there; folders in
                the name become '+'.
            locations (int | list[int]): The top-k, or these classes.

        Returns:
            list[ndarray]: ``(h, w, 3)`` uint8 RGB, or None if nobody looks.
        """
        if not show and show_dir is None:
            return None
        if self.visualizer is None:
            self.visualizer = LocalizationVisualizer(palette=self.palette)
        pictures = []
        for info, sample in zip(ori_inputs, preds, strict=True):
            views = [
                self.visualizer.visualize_localization(
                    np.ascontiguousarray(info['img'][..., ::-1]),
                    sample,
                    classes=self.classes,
                    threshold=self.protocol.threshold,
                    rule=self.protocol.rule,
                    align_corners=self.protocol.align_corners,
                    label=label,
                    draw_gt=False,
                )
                for label in self._labels(sample, locations)
            ]
            pictures.append(draw_sheet(views, 1))
            name = safe_name(info['img_id'])
            if show_dir is not None:
                file = Path(show_dir) / f'{name}.png'
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
        """Box the maps; see :meth:`__call__` for the results."""
        if return_datasamples:
            return preds
        results = super().postprocess(preds, visualization)
        for sample, result in zip(preds, results, strict=True):
            result['img_id'] = sample.img_id
            if 'img_path' in sample:
                result['img_path'] = sample.img_path
            result['size'] = tuple(sample.ori_shape[1::-1])
            result['locations'] = [
                self._location(sample, label, all_boxes, return_score_maps)
                for label in self._labels(sample, locations)
            ]
            for key in ('box', 'boxes', 'score_map'):
                if key in result['locations'][0]:
                    result[key] = result['locations'][0][key]
        return results

    def _location(self, sample, label, all_boxes, return_score_maps) -> dict:
        threshold, rule, align_corners, _ = self.protocol
        found = locate(sample, threshold, rule, label, align_corners)
        location = dict(
            label=label,
            score=float(sample.pred_score[label]),
            box=found.box.tolist(),
        )
        if self.classes is not None:
            location['class'] = self.classes[label]
        if all_boxes:
            location['boxes'] = all_boxes_at_thresholds(
                found.score_map, [threshold], rule
            )[0].tolist()
        if return_score_maps:
            location['score_map'] = found.score_map
        return location

    @staticmethod
    def save(results: Sequence[dict], path: str, coco: bool = False) -> None:
        """Write results as JSON; see `mmspg.apis.results.save_results`."""
        save_results(results, path, coco)


def _published(model) -> str:
    """Weights that belong to a config or a name.

    Raises:
        ValueError: There are none.
    """
    if isinstance(model, str) and not model.endswith('.py'):
        found = ModelHub.get(model).weights
    else:
        cfg = model if isinstance(model, Config) else load_config(str(model))
        found = cfg.get('load_from')
    if not found:
        raise ValueError(
            f'no weights are published for {model!r}: give the checkpoint, '
            'LocalizationInferencer(model, "epoch_3.pth"), or '
            'pretrained=False for a random network'
            if isinstance(model, str)
            else 'the config has no load_from: give the checkpoint'
        )
    return found


@contextmanager
def _maps_of_topk(head, topk: int):
    """Let the head give the maps of at least this many classes."""
    before = getattr(head, 'score_map_topk', None)
    if before is None or before >= topk:
        yield
        return
    head.score_map_topk = topk
    try:
        yield
    finally:
        head.score_map_topk = before


def _unknown(name, names: Sequence[str], count: int) -> str:
    text = f'unknown class {name!r}; valid are 0 to {count - 1}'
    if names:
        near = get_close_matches(str(name), names, cutoff=0.3)
        text += f' and names such as {", ".join(near or names[:3])}'
    return text
