"""Time and memory of a prediction: class scores and the maps of classes.

    python tools/benchmarks/benchmark_prediction.py --batch 1 8
    python tools/benchmarks/benchmark_prediction.py --authors CHECKOUT

Ours gives the scores of all classes and the maps of the top 5 predicted, as
tools/test.py does, from images that are in memory. A checkout of the
authors' release (scores, and the map of one given class) or of the WSOL
benchmark (the map alone) runs in turn on the same weights and images. What
needs a GPU is skipped, and said, on a CPU.
"""

from functools import partial

import measure
import networks


def predict_ours(
    given,
    options=None,
    fast=None,
    dtype=None,
    gpu=False,
    tf32=False,
    onednn=True,
    kept=False,
):
    """A step of ours; returns the best class's score."""
    from contextlib import nullcontext

    import torch

    networks.set_precision(gpu, tf32)
    networks.set_process(onednn, kept)
    model, _ = networks.ours(given, options)
    model.eval()
    if fast is not None:
        from mmspg.apis.fast import make_fast

        if fast.get('compile'):
            networks.need_compiler()
        make_fast(model, **fast)
    images, _ = networks.inputs(given)
    mode = torch.no_grad if fast is None else torch.inference_mode

    def step():
        autocast = (
            torch.autocast(measure.device(), getattr(torch, dtype))
            if dtype
            else nullcontext()
        )
        with mode(), autocast:
            return model.test_step(dict(inputs=images))[0].pred_score.max()

    return step


def predict_all_branches(given):
    """A step of ours that computes B and C, too, and all class maps."""
    import torch

    model, _ = networks.ours(given)
    model.eval()
    images, _ = networks.outside_inputs(given)

    @torch.no_grad()
    def step():
        feats = model.extract_feat(images)
        feats.b1(), feats.b2(), feats.c()
        return model.head.classifier(feats.tail).mean((2, 3)).softmax(1).max()

    return step


def predict_onnx(given):
    """The exported file in onnxruntime, with two maps."""
    import tempfile

    import numpy as np
    import torch

    try:
        import onnxruntime

        if measure.device() == 'cuda':
            raise measure.Skip('measured on a CPU only')
        from mmspg.apis.export import ExportModel, export_onnx
    except ImportError as error:
        raise measure.Skip(f'{error}: pip install "mmspg[export]"') from error
    model, _ = networks.ours(given)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        path = f'{folder}/model.onnx'
        export_onnx(ExportModel(model).eval(), path, given['size'])
        session = onnxruntime.InferenceSession(
            path, options, providers=['CPUExecutionProvider']
        )
    images, labels = networks.inputs(given)
    feed = dict(
        images=images.flip(1).numpy().astype(np.float32), label=labels.numpy()
    )
    return lambda: session.run(None, feed)[0][0].max()


def outside(given):
    """A step of the released code."""
    import torch

    networks.set_precision()
    code = networks.outside(given)
    code.net.to(measure.device()).eval()
    images, labels = networks.outside_inputs(given)

    @torch.no_grad()
    def step():
        return code.predict(images, labels)[0][0].max()

    return step


def variants(given: dict) -> list[measure.Variant]:
    def make(name, rate='float32', config=None, **kwargs):
        same = name.removesuffix(', compiled') if 'compiled' in name else ''
        build = partial(predict_ours, **kwargs)
        of = given
        if config:
            of = dict(given, config=str(networks.ROOT / config), outside={})
        return measure.Variant(name, build, (of,), rate, same)

    light = partial(make, config=networks.LIGHT)

    gpu = dict(gpu=True, tf32=True)
    amp = dict(fast={}, options=networks.LAYOUT, **gpu)
    return [
        make('float32'),
        make('fast', fast={}),
        make('fast, memory kept', fast={}, kept=True),
        make('fast, compiled', fast=dict(compile=True)),
        make('channels last', fast={}, options=networks.LAYOUT),
        light('light', fast={}),
        light('light, channels first', fast={}, options=networks.FIRST),
        light('light, memory kept', fast={}, kept=True),
        light('light, compiled', fast=dict(compile=True)),
        light('light, no oneDNN', fast={}, onednn=False),
        measure.Variant(
            'onnxruntime', predict_onnx, (given,), flops_of='fast'
        ),
        measure.Variant(
            'all branches and maps', predict_all_branches, (given,)
        ),
        make('TF32', 'tf32', fast={}, **gpu),
        make('bfloat16, channels last', 'bfloat16', dtype='bfloat16', **amp),
        make('float16, channels last', 'float16', dtype='float16', **amp),
    ]


if __name__ == '__main__':
    # By a name under which the processes of the variants find it, too.
    import benchmark_prediction

    networks.main(benchmark_prediction, batch=[1, 8])
