"""Use a trained model in other programs."""

from argparse import Namespace
from collections import deque
from collections.abc import Iterator, Sequence, Sized
from contextlib import closing, nullcontext
from pathlib import Path

import torch
from mmpretrain.apis import list_models
from mmpretrain.utils import track

from mmspg.evaluation.functional import split_steps
from mmspg.utils.cfg import merge_options
from mmspg.utils.overlap import ahead, behind

from .batch_steps import BatchSteps, check_request
from .fast import make_fast
from .inputs import (
    list_inputs,
    load_inputs,
    on_whole_image,
    readable,
    without_pixels,
)
from .models import (
    choose_protocol,
    fill_model,
    find_model,
    is_own,
    labels_of,
)
from .result import Result, draw_later
from .results import save_results


class LocalizationInferencer(BatchSteps):
    """Classify images and box what was found.

    It follows mmpretrain's conventions. Its boxes are those of
    ``tools/test.py`` and of the visualization hook, since all three call
    `locate`. It sees images as a person does, turned by EXIF, and boxes are
    in these pixels.

    Args:
        model (str | Config | BaseModel, optional): A checkpoint, which
            carries its config; a config or its file; a name
            (``LocalizationInferencer.list_models('*spg*')``); or a model
            that mmpretrain's ``get_model`` built. None: `DEFAULT_MODEL`.
        pretrained (str | bool): The checkpoint of a config or a name. True
            takes the config's ``load_from`` or the name's published weights;
            False leaves the network random, for trials. Defaults to True.
        device (str, optional): For example 'cuda:0'. Defaults to the CPU.
        classes (Sequence[str], optional): Names of the classes. None: the
            names in the checkpoint.
        threshold (float, optional): Score at which maps are cut. None: see
            `mmspg.evaluation.protocol.protocol_of`.
        rule (str, optional): The box rule, one of
            `mmspg.evaluation.functional.RULES` that gives one box. None:
            the rule of the config's metric.
        valley (float, optional): Give each object of a class its own box if
            the map falls this far between them, in (0, 1]: see
            `mmspg.evaluation.functional.peaks`. None: the value that was
            chosen for the checkpoint, or one box.
        palette (str): Colours of pictures, 'paper' or 'colour-blind'.
        fast (bool | dict): Fold BatchNorm into the convolutions and compute
            in inference mode. A dict has settings of
            `mmspg.apis.fast.make_fast`, for example ``dict(compile=True)``.
            Scores change by rounding, and the model is changed in place.
            Defaults to False.
        input_size (int, optional): Side of the input in pixels. None: the
            size that the checkpoint was trained at.
        **kwargs: Settings of the model, for example
            ``head=dict(num_classes=40)``; not with a built model.

    Attributes:
        protocol (Protocol): Threshold and rule, and where they came from.
        unreadable (dict[str, str]): The files that the last call could not
            read, each with the reason.

    Raises:
        FileNotFoundError: There is no such file or name.
        ValueError: There are no weights or weights of another network, or
            the pipeline has a transform whose geometry is unknown.

    Examples:
        >>> from mmspg.apis import LocalizationInferencer
        >>> inferencer = LocalizationInferencer('epoch_3.pth')
        >>> inferencer('bird.jpg')[0]['box']
        [41, 30, 255, 190]
    """

    def __init__(
        self,
        model=None,
        pretrained: str | bool = True,
        device=None,
        classes: Sequence[str] | None = None,
        threshold: float | None = None,
        rule: str | None = None,
        valley: float | None = None,
        palette: str = 'paper',
        fast: bool | dict = False,
        input_size: int | None = None,
        **kwargs,
    ):
        _check_device(device)
        source = find_model(model, pretrained, input_size)
        super().__init__(source.model, False, device, classes, **kwargs)
        if source.content is not None:
            named = fill_model(self.model, source)
            self.classes = classes or named or self.classes
        self.protocol = choose_protocol(
            self.config, source, threshold, rule, valley
        )
        self.palette = palette
        self.fast = bool(fast) or fast == {}
        if self.fast:
            make_fast(self.model, **(fast if isinstance(fast, dict) else {}))
        self.unreadable = {}
        self._named = set()

    @classmethod
    def from_arguments(cls, args: Namespace) -> 'LocalizationInferencer':
        """Make what `mmspg.utils.command_line.read_arguments` gave."""
        model = args.config or args.checkpoint
        both = args.config and args.checkpoint
        pretrained = args.checkpoint if both else True
        if args.cfg_options:
            source = find_model(model, pretrained, args.input_size)
            merge_options(source.model, args.cfg_options)
            model, pretrained = source.model, source.checkpoint
        return cls(
            model,
            pretrained,
            args.device,
            threshold=args.threshold,
            rule=args.rule,
            valley=args.valley,
            palette=getattr(args, 'palette', 'paper'),
            input_size=args.input_size,
        )

    def __call__(
        self,
        inputs,
        return_datasamples: bool = False,
        batch_size: int = 1,
        **kwargs,
    ) -> list[dict]:
        """Locate in all images; see :meth:`stream` for the arguments.

        Returns:
            list[Result]: A result for each image that can be read: a
            dictionary with the methods ``plot()`` and ``save(path)``. It has
            ``img_id`` (and ``img_path`` for a file), ``size`` (w, h),
            ``pred_label``, ``pred_score``, ``pred_scores`` ``(C,)``,
            ``pred_class`` if the names are known, and ``box``
            [x0, y0, x1, y1] in inclusive pixels ([0, 0, 0, 0] if there is
            nothing to box). ``locations`` has ``label``, ``class``,
            ``score`` and ``box`` of every object of every class asked for,
            and ``confidence`` if one was fitted; the first box is ``box``.
        """
        kwargs.update(batch_size=batch_size)
        return list(self.stream(inputs, return_datasamples, **kwargs))

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
        channel_order: str = 'bgr',
        **kwargs,
    ) -> Iterator[dict]:
        """Locate image by image, so that the memory does not grow.

        Args:
            inputs: See `mmspg.apis.inputs.list_inputs`.
            return_datasamples (bool): Yield mmpretrain's ``DataSample``.
                Defaults to False.
            batch_size (int): Images in a forward pass. Defaults to 1.
            label (int | str | Sequence, optional): Class or classes to box,
                by number or name. None: the predicted ones.
            topk (int): Box this many predicted classes. Defaults to 1.
            unreadable (str): What to do with an unreadable image: 'raise', or
                'skip', which logs it and keeps it in ``unreadable``.
                Defaults to 'raise'.
            progress (bool): Show a bar. Defaults to True.
            leave_out (Sequence[str]): Folders in a folder of inputs that are
                not looked at.
            channel_order (str): Channel order of arrays, see
                `mmspg.apis.inputs.load_inputs`. Defaults to 'bgr'.
            **kwargs: ``all_boxes`` (bool) adds ``boxes``, the boxes of all
                components, largest first. ``return_score_maps`` (bool) adds
                ``score_map`` ``(H, W)`` float32 in [0, 1], at image size.
                ``show``, ``wait_time`` and ``show_dir`` make pictures.

        Yields:
            Result: See :meth:`__call__`.

        Raises:
            UnreadableImageError: An image cannot be read, with 'raise'.
            ValueError: A class or an option is unknown.
        """
        labels = None if label is None else self.labels_of(label)
        check_request(labels, topk, self._num_classes(topk), batch_size)
        locations = labels or topk
        _, _, drawn, packed = self._dispatch_kwargs(**kwargs)
        self.unreadable = {}
        self._named = set()
        items, root = list_inputs(inputs, leave_out)
        total = len(items) if isinstance(items, Sized) else None
        bar = track(items, 'Localization', total=total) if progress else None
        loaded = readable(
            load_inputs(bar or items, root, channel_order),
            unreadable,
            self.unreadable,
        )
        seen = bool(split_steps(self.protocol.score_map_steps)[1])
        pictured = any(drawn.values()) or seen
        infos: deque[dict] = deque()

        def noted():
            for info in loaded:
                infos.append(info if pictured else without_pixels(info))
                yield info

        def predicted(batches):
            for data in batches:
                preds = self.forward(data)
                chunk = [infos.popleft() for _ in preds]
                for info, sample in zip(chunk, preds, strict=True):
                    if seen:
                        sample.set_metainfo(dict(ori_img=info['img']))
                pictures = self.visualize(
                    chunk, preds, locations=locations, **drawn
                )
                yield chunk, preds, pictures

        def boxed(item):
            chunk, preds, pictures = item
            results = self.postprocess(
                preds,
                pictures,
                return_datasamples,
                locations=locations,
                **packed,
            )
            if return_datasamples:
                return results
            for sample in preds:
                sample.pop('ori_img', None)  # results keep no pixels
            return [
                self._result(*found, locations)
                for found in zip(results, chunk, preds, strict=True)
            ]

        batches = self.preprocess(noted(), batch_size, labels, topk)
        # The bar ends here, also after an error. The garbage collector might
        # end it within the lock of another bar, and wait for ever.
        with closing(bar) if bar else nullcontext():
            # A generator, of a camera say, is asked for no more than needed.
            for results in (
                map(boxed, predicted(batches))
                if total is None
                else behind(boxed, predicted(ahead(batches)))
            ):
                yield from results

    def _result(self, result, info, sample, locations) -> Result:
        drawing = draw_later(
            info,
            sample.cpu(),
            self._labels(sample, locations),
            self.classes,
            self.protocol,
            self.palette,
        )
        return Result(on_whole_image(result, info), drawing)

    def _num_classes(self, default: int) -> int:
        head = getattr(self.model, 'head', None)
        return getattr(head, 'num_classes', default)

    @property
    def class_names(self) -> list[str]:
        """Names of all classes; their numbers where names are not known."""
        numbers = range(self._num_classes(len(self.classes or ())))
        return list(self.classes or map(str, numbers))

    def labels_of(self, classes) -> list[int]:
        """Give the numbers of classes, see `mmspg.apis.models.labels_of`."""
        count = self._num_classes(len(self.classes or ()))
        return labels_of(classes, self.classes, count)

    @staticmethod
    def list_models(pattern: str | None = None) -> list[str]:
        """List the names of mmspg's models, of '*vgg*' for example."""
        return [name for name in list_models(pattern) if is_own(name)]

    @staticmethod
    def save(results: Sequence[dict], path: str, coco: bool = False) -> None:
        """Write results as JSON; see `mmspg.apis.results.save_results`."""
        save_results(results, path, coco)


def _check_device(device) -> None:
    if device is not None and torch.device(device).type == 'cuda':
        if not torch.cuda.is_available():
            raise ValueError(
                f'device {str(device)!r}: PyTorch finds no GPU here. Leave it '
                "out, or give 'cpu'"
            )
