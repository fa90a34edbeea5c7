"""Export a trained classifier with its score maps for other runtimes."""

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import Dim

from mmspg.evaluation.functional.steps import (
    Step,
    apply_steps,
    checked_steps,
)
from mmspg.models.folding import fold_batch_norm

from .box_step import box_of
from .inputs import list_inputs, load_inputs

INPUTS = ('images', 'label')
BOX_OUTPUTS = ('scores', 'top_label', 'box')
OUTPUTS = ('scores', 'top_label', 'top_map', 'label_map')
MIN_SIDE = 32


class CeilMaxPool(nn.Module):
    """A max pool that does what ``ceil_mode`` does, without it.

    ``ceil_mode`` depends on whether the last window begins inside the image,
    which is unknown while the size of the image is unknown. If
    padding + stride <= kernel, it always does. Then padding the end by one
    pixel less than the stride, and rounding down, gives the same.

    Args:
        pool (nn.MaxPool2d): A pool with ``ceil_mode``, a square kernel and no
            dilation.
    """

    def __init__(self, pool: nn.MaxPool2d):
        super().__init__()
        self.kernel, self.stride = pool.kernel_size, pool.stride
        before, after = pool.padding, pool.padding + pool.stride - 1
        self.padding = (before, after, before, after)

    def forward(self, x: Tensor) -> Tensor:
        """Pool ``(N, D, h, w)``."""
        x = F.pad(x, self.padding, value=float('-inf'))
        return F.max_pool2d(x, self.kernel, self.stride)


def replace_ceil_pools(module: nn.Module) -> nn.Module:
    """Put `CeilMaxPool` in place of each pool that it equals."""
    for name, child in module.named_children():
        if (
            isinstance(child, nn.MaxPool2d)
            and child.ceil_mode
            and all(
                isinstance(value, int)
                for value in (child.kernel_size, child.stride, child.padding)
            )
            and child.dilation == 1
            and child.padding + child.stride <= child.kernel_size
        ):
            setattr(module, name, CeilMaxPool(child))
        else:
            replace_ceil_pools(child)
    return module


class ExportModel(nn.Module):
    """A network that turns images into class scores and score maps.

    BatchNorm is folded into the convolutions. The mean and the standard
    deviation of the data preprocessor are part of the network, so it takes
    plain RGB images.

    Args:
        model (ImageClassifier): A model with `CAMHead` or `SPGHead`. It is
            copied.
        steps (Sequence): Steps that bring the maps to [0, 1], see
            `mmspg.evaluation.functional.steps`. Without any, min-max does.

    Raises:
        ValueError: The head has no score maps, or the model's are not its.
    """

    def __init__(self, model: nn.Module, steps: Sequence[Step] = ()):
        super().__init__()
        self.steps = checked_steps(steps, with_image=False) or ['min_max']
        if hasattr(model, 'attribution'):
            raise ValueError(
                'this model makes its maps by gradients, which an exported '
                'network lacks. Export a checkpoint that uses a map of its '
                'head, such as the one that choose_maps.py was given'
            )
        one = hasattr(model, 'extract_feat')  # an ensemble is several
        if not one or not hasattr(model.head, 'score_maps'):
            raise ValueError(
                f'a {type(model).__name__} with a {type(model.head).__name__} '
                'has no score maps that can be exported; an ImageClassifier '
                'with a CAMHead or SPGHead was expected'
            )
        processor = model.data_preprocessor
        model = fold_batch_norm(copy.deepcopy(model).cpu().eval())
        replace_ceil_pools(model)
        model.data_preprocessor = nn.Identity()
        self.model = model
        channels = len(getattr(processor, 'mean', [0, 0, 0]))
        mean = getattr(processor, 'mean', torch.zeros(channels, 1, 1))
        std = getattr(processor, 'std', torch.ones(channels, 1, 1))
        # The configs' images are B, G, R, and to_rgb turns them into R, G, B.
        # A network that takes B, G, R gets its channels turned here.
        self.turn = not getattr(processor, 'to_rgb', True)
        self.register_buffer('mean', mean.detach().clone().cpu())
        self.register_buffer('std', std.detach().clone().cpu())

    def forward(self, images: Tensor, label: Tensor):
        """Classify the images and make two score maps for each.

        Args:
            images (Tensor): ``(N, 3, H, W)`` float32 R, G, B in [0, 255],
                resized as the test pipeline does.
            label (Tensor): ``(N,)`` int64, the class of ``label_map``.

        Returns:
            tuple[Tensor]: ``scores`` ``(N, C)``, a softmax, or sigmoids of
            several labels; ``top_label`` ``(N,)`` int64; ``top_map`` and
            ``label_map`` ``(N, h, w)`` in [0, 1], at feature resolution. Of
            a head that regresses a box (`PSOLHead`) the third and last is
            ``box`` ``(N, 4)``, x0 y0 x1 y1 in shares of the image.
        """
        if self.turn:
            images = images.flip(1)
        images = (images - self.mean) / self.std
        feats = self.model.extract_feat(images)
        scores = self.model.head(feats)
        several = getattr(self.model.head, 'multi_label', False)
        scores = scores.sigmoid() if several else scores.softmax(dim=1)
        top = scores.argmax(dim=1)
        if hasattr(self.model.head, 'boxes'):
            return scores, top, self.model.head.boxes(feats)
        labels = torch.stack([top, label], dim=1)
        maps = self.model.head.score_maps(feats, labels)  # (N, 2, h, w)
        if hasattr(self.model, 'maps_of_views'):
            maps = self.model.maps_of_views(images, labels, maps)
        maps = apply_steps(maps, self.steps)
        return scores, top, maps[:, 0], maps[:, 1]


def example_inputs(side: int = 64) -> tuple[Tensor, Tensor]:
    """Make two images ``(2, 3, side, side + 8)`` and their labels."""
    generator = torch.Generator().manual_seed(0)
    images = 255 * torch.rand(2, 3, side, side + 8, generator=generator)
    return images, torch.zeros(2, dtype=torch.int64)


def dynamic_shapes() -> dict:
    """Let the batch and the size of the images vary."""
    batch = Dim('batch', min=1)
    height, width = (Dim(side, min=MIN_SIDE) for side in ('height', 'width'))
    return dict(images={0: batch, 2: height, 3: width}, label={0: batch})


def export_program(model: ExportModel, path: str | Path, side: int = 224):
    """Write a ``.pt2`` file, for `torch.export.load`."""
    program = torch.export.export(
        model, example_inputs(side), dynamic_shapes=dynamic_shapes()
    )
    torch.export.save(program, str(path))


def export_onnx(model: ExportModel, path: str | Path, side: int = 224):
    """Write an ``.onnx`` file; needs onnx and onnxscript (mmspg[export])."""
    torch.onnx.export(
        model,
        example_inputs(side),
        str(path),
        input_names=INPUTS,
        output_names=outputs_of(model),
        dynamic_shapes=dynamic_shapes(),
        dynamo=True,
        external_data=False,
        verbose=False,
    )


def outputs_of(model: ExportModel) -> tuple[str, ...]:
    """Name the outputs."""
    return BOX_OUTPUTS if hasattr(model.model.head, 'boxes') else OUTPUTS


def run_onnx(path: str | Path):
    """Load an ``.onnx`` file as a function of arrays (onnxruntime).

    Returns:
        Callable: A function of the arrays ``images`` and ``label``, see
        `ExportModel`. It gives a list of arrays.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(path), providers=['CPUExecutionProvider']
    )
    return lambda images, label: session.run(
        None, dict(images=images, label=label)
    )


def run_program(path: str | Path):
    """Load a ``.pt2`` file as a function of arrays, like `run_onnx`."""
    module = torch.export.load(str(path)).module()

    @torch.no_grad()
    def run(images, label):
        outputs = module(torch.from_numpy(images), torch.from_numpy(label))
        return [output.numpy() for output in outputs]

    return run


def input_size(find) -> list[int]:
    """Give the height and width of what the test pipeline makes.

    Args:
        find (LocalizationInferencer): Its pipeline is run.

    Returns:
        list[int]: [height, width].

    Raises:
        ValueError: The pipeline crops, so that a map would cover only a part
            of the image, and `box_of` could not know which. Or it gives
            images of different sizes.
    """
    sizes = set()
    for shape in ((300, 400, 3), (500, 300, 3)):
        blank = dict(img=np.zeros(shape, np.uint8), img_id='blank')
        packed = find.pipeline(blank)
        height, width = packed['inputs'].shape[-2:]
        sizes.add((height, width))
        whole = np.diag([width / shape[1], height / shape[0], 1])
        found = packed['data_samples'].homography
        if len(sizes) > 1 or not np.allclose(found, whole, atol=1e-3):
            raise ValueError(
                'the test pipeline crops, flips or keeps the ratio of sides. '
                'The exported model and its box step need one that resizes '
                "the whole image to one size, as the paper's does: use only "
                'LocResize in test_dataloader'
            )
    return [height, width]


def check_rule(find) -> None:
    """Refuse a network whose boxes the exported step cannot make.

    Raises:
        ValueError: The model uses another rule than 'largest_area', which is
            the only one that `box_of` has.
    """
    rule = find.protocol.rule
    if rule != 'largest_area' and not hasattr(find.model.head, 'boxes'):
        raise ValueError(
            'box_step has only the rule largest_area, and this model is used '
            f'with {rule!r}: use mmspg.evaluation.functional instead'
        )


def compare(find, path: str | Path, inputs):
    """Box images with PyTorch and with an exported file.

    Args:
        find (LocalizationInferencer): The original.
        path (str | Path): ``.onnx`` or ``.pt2``.
        inputs: Images, see `mmspg.apis.inputs.list_inputs`.

    Yields:
        tuple: Name of the image; the greatest difference of a corner, in
        pixels, over the boxes of the top class and of class 0; and whether
        the top class is the same.

    Raises:
        ValueError: The model uses another rule than 'largest_area', which is
            the only one that `box_of` has.
    """
    check_rule(find)
    protocol = find.protocol
    run = run_onnx(path) if str(path).endswith('.onnx') else run_program(path)
    for info, error in load_inputs(*list_inputs(inputs)):
        if error:
            raise error
        image = info['img']
        # One box for each class, as the exported step gives it.
        zero = find(image, label=0, progress=False)[0]
        best = int(np.argmax(zero['pred_scores']))
        top = find(image, label=best, progress=False)[0]
        data = find.pipeline(dict(info))['inputs'].numpy()[None, ::-1]
        outputs = run(np.float32(data), np.zeros(1, np.int64))
        size = image.shape[1::-1]
        if len(outputs) == len(BOX_OUTPUTS):
            x0, y0, x1, y1 = np.round(outputs[2][0] * np.tile(size, 2))
            boxes = [[x0, y0, x1 - 1, y1 - 1]] * 2
        else:
            boxes = [
                box_of(
                    score_map[0],
                    size,
                    protocol.threshold,
                    protocol.align_corners,
                    normalise=not protocol.score_map_steps,
                )
                for score_map in outputs[2:]
            ]
        gap = np.abs(np.subtract(boxes, [top['box'], zero['box']])).max()
        same = int(outputs[1][0]) == top['pred_label']
        yield info['img_id'], int(gap), same
