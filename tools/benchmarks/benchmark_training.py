"""Time and memory of a training step, with each setting that changes them.

    python tools/benchmarks/benchmark_training.py --batch 4
    python tools/benchmarks/benchmark_training.py --authors CHECKOUT

'light' is SPG on EfficientNet-Lite0, whatever --config is; its share of the
time of 'float32' is what a laptop gains by it.

Ours against a checkout of the authors' release or of the WSOL benchmark
(--wsol CHECKOUT): the same weights, images, labels and architecture, in
turn. A step is forward, losses, backward and SGD. What needs a GPU is
skipped, and said, on a CPU.
"""

from functools import partial

import measure
import networks

CP = {'model.backbone.with_cp': True, 'model.neck.with_cp': True}
BF16 = {
    'optim_wrapper.type': 'mmspg.Bfloat16OptimWrapper',
    'optim_wrapper.devices': ('cuda', 'cpu'),
}
FP16 = {'optim_wrapper.type': 'AmpOptimWrapper'}
UNFUSED = {'optim_wrapper.optimizer.fused': False}
# The loop that counts the ramp's iterations is a runner's.
LIGHT = {'model.head.guidance_ramp': None}
FIRST = LIGHT | networks.FIRST
HALVES = {'optim_wrapper.accumulative_counts': 2}


def train_ours(
    given,
    options,
    compile=False,
    gpu=False,
    tf32=False,
    onednn=True,
    kept=False,
):
    """A step of ours with some options of the config."""
    networks.set_precision(gpu, tf32)
    networks.set_process(onednn, kept)
    model, cfg = networks.ours(given, options)
    model.train()
    optim = networks.optimizer(model, cfg)
    images, labels = networks.inputs(given)
    parts = cfg.optim_wrapper.get('accumulative_counts', 1)
    if given['batch'] % parts:
        raise measure.Skip(f'the batch does not divide by {parts}')
    batches = [
        networks.batch_of(*part)
        for part in zip(images.chunk(parts), labels.chunk(parts), strict=True)
    ]
    if compile:  # as CompileHook does
        networks.need_compiler()
        from mmspg.models.compiling import compile_parts

        compile_parts(model, {})

    def step():
        losses = [model.train_step(batch, optim)['loss'] for batch in batches]
        return sum(losses).detach() / len(losses)

    return step


def outside(given):
    """A step of the released code, by its own loss."""
    import torch

    if given['batch'] < 2:
        raise measure.Skip('its loss needs two images at least')
    networks.set_precision()
    code = networks.outside(given)
    code.net.to(measure.device()).train()
    optim = torch.optim.SGD(
        code.net.parameters(),
        lr=0.001,
        momentum=0.9,
        weight_decay=5e-4,
        nesterov=True,
    )
    images, labels = networks.outside_inputs(given)

    def step():
        loss = code.loss(images, labels)
        optim.zero_grad()
        loss.backward()
        optim.step()
        return loss.detach()

    return step


def variants(given: dict) -> list[measure.Variant]:
    def make(name, options, rate='float32', config=None, **kwargs):
        build = partial(train_ours, options=options, **kwargs)
        same = ''
        if kwargs.get('compile'):
            same = 'light' if config else 'float32'
        of = given
        if config:
            of = dict(given, config=str(networks.ROOT / config), outside={})
        return measure.Variant(name, build, (of,), rate, same)

    fast = networks.LAYOUT | BF16
    return [
        make('float32', {}),
        make('light', LIGHT, config=networks.LIGHT),
        make('light, channels first', FIRST, config=networks.LIGHT),
        make('light, memory kept', LIGHT, config=networks.LIGHT, kept=True),
        make('light, compiled', LIGHT, config=networks.LIGHT, compile=True),
        make('light, no oneDNN', LIGHT, config=networks.LIGHT, onednn=False),
        make('memory kept', {}, kept=True),
        make('not fused', UNFUSED),
        make('checkpointing', CP),
        make('accumulated', HALVES),
        make('compiled', {}, compile=True),
        make('TF32', {}, 'tf32', gpu=True, tf32=True),
        make('channels last', networks.LAYOUT, gpu=True),
        make('bfloat16', BF16, 'bfloat16', gpu=True, tf32=True),
        make('float16', FP16, 'float16', gpu=True, tf32=True),
        make('fast', fast, 'bfloat16', gpu=True, tf32=True),
        make(
            'fast, compiled',
            fast,
            'bfloat16',
            gpu=True,
            tf32=True,
            compile=True,
        ),
        make(
            'fast, checkpointing', fast | CP, 'bfloat16', gpu=True, tf32=True
        ),
    ]


if __name__ == '__main__':
    # By a name under which the processes of the variants find it, too.
    import benchmark_training

    networks.main(benchmark_training, batch=[4])
