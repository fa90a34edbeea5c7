"""An exported model in 8 bits, as far as its boxes stay (onnxruntime)."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmspg.evaluation.functional import box_iou

from .box_step import box_of
from .export import INPUTS, OUTPUTS, run_onnx
from .inputs import list_inputs, load_inputs

__all__ = ['FEWEST', 'Kept', 'Photograph', 'quantize', 'read_photographs']

FEWEST = 8  # photographs: a half calibrates, the other half is boxed
SAME = 0.9  # IoU of a box that counts as kept
ENOUGH = 0.95  # share of the boxes that must be kept
# Shares of the convolutions that stay in float, at the beginning and the end.
# The first see pixels, the last make the maps; both lose most by 8 bits.
LADDER = ((0, 0), (0.02, 0), (0.02, 0.1), (0.1, 0.2), (0.2, 0.4))


class Photograph(NamedTuple):
    """What the exported model is fed with: ``(1, 3, H, W)``, and (w, h)."""

    array: np.ndarray
    size: tuple[int, int]


class Kept(NamedTuple):
    """What became of the boxes.

    ``float_layers`` of ``layers`` convolutions stayed in float; ``boxes`` is
    the share of boxes with an IoU of at least .9, ``classes`` that of equal
    classes.
    """

    float_layers: int
    layers: int
    boxes: float
    classes: float


def read_photographs(find, inputs) -> list[Photograph]:
    """Read photographs as the exported model takes them.

    Args:
        find (LocalizationInferencer): Its pipeline is run.
        inputs (Sequence): Images or folders, each as
            `mmspg.apis.inputs.list_inputs` takes it.

    Raises:
        ValueError: There are fewer than ``FEWEST``.
    """
    found = []
    loaded = (load_inputs(*list_inputs(one)) for one in inputs)
    for info, error in chain.from_iterable(loaded):
        if error:
            raise error
        data = find.pipeline(dict(info))['inputs'].numpy()[None, ::-1]
        found.append(Photograph(np.float32(data), info['img'].shape[1::-1]))
    if len(found) < FEWEST:
        raise ValueError(
            f'--int8 got {len(found)} photographs and needs at least '
            f'{FEWEST}, better 100: of those that the model is for'
        )
    return found


def quantize(
    path: str | Path,
    out: str | Path,
    photographs: Sequence[Photograph],
    protocol,
) -> list[Kept]:
    """Write a model in 8 bits whose boxes are those of the float one.

    One half of the photographs calibrates the ranges of the activations; on
    the other the boxes are compared, at the same class and threshold. More
    and more convolutions stay in float until 95 % of the boxes keep an IoU
    of .9.

    Args:
        path (str): The ``.onnx`` file of `export_onnx`.
        out (str): The file to write; there is none if no trial sufficed.
        photographs (Sequence[Photograph]): At least ``FEWEST``.
        protocol (Protocol): Threshold and steps of the boxes.

    Returns:
        list[Kept]: The trials; the last is what was written, or is below
        95 %.

    Raises:
        ValueError: The boxes are not cut out of maps by 'largest_area', the
            only rule of `box_of`.
    """
    import onnx
    from onnxruntime import quantization as q
    from onnxruntime.quantization.shape_inference import quant_pre_process

    outputs = len(onnx.load(str(path)).graph.output)
    if protocol.rule != 'largest_area' or outputs != len(OUTPUTS):
        raise ValueError(
            "--int8 compares boxes that the rule 'largest_area' cuts out of "
            'maps, and this model has none'
        )
    fitted, checked = photographs[::2], photographs[1::2]
    plain = Path(out).with_suffix('.plain.onnx')
    quant_pre_process(str(path), str(plain), skip_symbolic_shape=True)
    nodes = onnx.load(str(plain)).graph.node
    names = [node.name for node in nodes if node.op_type == 'Conv']
    expected = _located(path, checked, protocol)
    trials: list[Kept] = []
    for first, last in LADDER:
        kept = names[: int(np.ceil(first * len(names)))]
        kept += names[len(names) - int(np.ceil(last * len(names))) :]
        q.quantize_static(
            str(plain),
            str(out),
            _Reader(fitted),
            per_channel=True,
            activation_type=q.QuantType.QUInt8,
            weight_type=q.QuantType.QInt8,
            op_types_to_quantize=['Conv'],
            nodes_to_exclude=kept,
        )
        found = _located(out, checked, protocol, [e[0] for e in expected])
        ious = [
            box_iou([one[1]], [two[1]]).item()
            for one, two in zip(expected, found, strict=True)
        ]
        same = [a[0] == b[0] for a, b in zip(expected, found, strict=True)]
        trials.append(
            Kept(
                len(kept),
                len(names),
                float(np.mean(np.array(ious) >= SAME)),
                float(np.mean(same)),
            )
        )
        if trials[-1].boxes >= ENOUGH:
            break
    else:
        Path(out).unlink()
    plain.unlink()
    return trials


class _Reader:
    """Photographs, one by one, as onnxruntime's calibration asks for them."""

    def __init__(self, photographs):
        self.rest = iter(photographs)

    def get_next(self):
        photograph = next(self.rest, None)
        if photograph is None:
            return None
        label = np.zeros(1, np.int64)
        return dict(zip(INPUTS, (photograph.array, label), strict=True))


def _located(path, photographs, protocol, labels=None):
    """Top class, and the box of it or of the label given, for each."""
    run, found = run_onnx(path), []
    for i, photograph in enumerate(photographs):
        label = np.array([labels[i] if labels else 0], np.int64)
        _, top, *maps = run(photograph.array, label)
        box = box_of(
            maps[1 if labels else 0][0],
            photograph.size,
            protocol.threshold,
            protocol.align_corners,
            normalise=not protocol.score_map_steps,
        )
        found.append((int(top[0]), box))
    return found
