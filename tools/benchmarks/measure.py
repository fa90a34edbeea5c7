"""Time, memory and arithmetic of variants of one computation, side by side.

Each variant lives in a process of its own, which gives it a peak of memory
of its own, and the variants take turns, one step each, so that whatever else
the machine does slows all of them equally. The median of the steps counts, and
ratios of medians of one run. The machine is measured by the same means: a
product of two square matrices is one more variant.
"""

import os
import resource
import statistics
import time
from collections.abc import Callable
from multiprocessing import get_context
from typing import NamedTuple

from memory import device, forget_peak, peak_since, resident, synchronise

SIDE = 2048  # of the matrices: 17 GFLOP
PRODUCT = 'matrix product, '
SAY = 60  # seconds between two lines of what was measured until then
DTYPES = ('float32', 'tf32', 'float16', 'bfloat16')


def cpu_time() -> float:
    """CPU seconds of this process and of the compilers that it has run."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


CLOCKS = dict(wall=time.perf_counter, cpu=cpu_time)


class Skip(Exception):
    """A variant cannot run here; the message says why."""


class Variant(NamedTuple):
    """What to measure.

    Attributes:
        name (str): For the table.
        build (Callable): Function of a module; run in the variant's own
            process with ``args``, it returns the step, a function without
            arguments. May raise `Skip`.
        args (tuple): Can be pickled.
        rate (str): The matrix product that its share is of, one of
            ``DTYPES``.
        flops_of (str): A variant of the same arithmetic, where operations
            cannot be counted: in compiled code.
    """

    name: str
    build: Callable
    args: tuple = ()
    rate: str = 'float32'
    flops_of: str = ''


class Result(NamedTuple):
    """Of one variant.

    Attributes:
        seconds (float): Median of the steps; NaN if it was skipped.
        best (float): Shortest of the steps.
        peak (float): Most memory while stepping, in bytes: on a GPU what
            PyTorch had allocated, else resident memory, without what the
            process had before it built the variant.
        flops (int): Operations of a step, two a multiply-add.
        first (float): Seconds of the first step, in which a network is
            compiled.
        skipped (str): Why, or empty.
    """

    seconds: float
    best: float = float('nan')
    peak: float = float('nan')
    flops: int = 0
    first: float = float('nan')
    skipped: str = ''


def machine(threads: int) -> str:
    """What was measured on, without its name."""
    import torch

    if device() == 'cuda':
        what = torch.cuda.get_device_name()
    else:
        flags = torch.backends.cpu.get_cpu_capability()
        what = f'CPU ({flags}), {threads} of {os.cpu_count()} cores'
    return f'{what}, PyTorch {torch.__version__}'


def matrix_product(dtype: str):
    """A step that multiplies two square matrices.

    Raises:
        Skip: If only a GPU has this product.
    """
    import torch

    if device() == 'cpu' and dtype != 'float32':
        raise Skip('needs a GPU')
    torch.set_float32_matmul_precision(
        'high' if dtype == 'tf32' else 'highest'
    )
    kind = getattr(torch, dtype.replace('tf32', 'float32'))
    side = SIDE if device() == 'cpu' else 4 * SIDE
    left, right = torch.rand(2, side, side, device=device()).to(kind)
    return lambda: torch.mm(left, right).flatten()[0]


def measure(
    variants: list[Variant],
    repeats: int,
    warmup: int = 1,
    threads: int | None = None,
) -> dict[str, Result]:
    """Measure all, in turn, and print what is known as soon as it is.

    Args:
        variants (list[Variant]): The matrix products that they refer to are
            added, named 'matrix product, ' and their rate.
        repeats (int): Timed steps of each.
        warmup (int): Steps of each before. Defaults to 1, the first.
        threads (int, optional): PyTorch's, in each process.

    Returns:
        dict[str, Result]: By name, the matrix products first.
    """
    rates = dict.fromkeys(v.rate for v in variants)
    products = [
        Variant(f'{PRODUCT}{rate}', matrix_product, (rate,)) for rate in rates
    ]
    workers, begun = [], {}
    for variant in (*products, *variants):
        workers.append(worker := _Worker(variant, threads))
        if not worker.skipped:
            begun[worker.name] = worker.ask('step')
            print(
                f'{worker.name}: first step {begun[worker.name]:.2f} s, gave '
                f'{worker.ask("figure"):.6f}',
                flush=True,
            )
    running = [worker for worker in workers if not worker.skipped]
    assert len({worker.name for worker in workers}) == len(workers)
    for _ in range(warmup - 1):
        for worker in running:
            worker.ask('step')
    times: dict[str, list[float]] = {worker.name: [] for worker in running}
    said = time.monotonic()
    for i in range(repeats):
        # Each comes first in turn: what runs before it shares the caches.
        first = i % len(running)
        for worker in running[first:] + running[:first]:
            times[worker.name].append(worker.ask('step'))
        if time.monotonic() > said + SAY:
            said = time.monotonic()
            medians = ', '.join(
                f'{name} {1000 * statistics.median(seconds):.1f}'
                for name, seconds in times.items()
            )
            print(f'{i + 1} of {repeats} steps, ms: {medians}', flush=True)
    results = {}
    for worker in workers:
        if worker.skipped:
            nothing = Result(float('nan'), skipped=worker.skipped)
            results[worker.name] = nothing
            continue
        results[worker.name] = Result(
            statistics.median(times[worker.name]),
            min(times[worker.name]),
            worker.ask('peak'),
            0 if worker.flops_of else worker.ask('flops'),
            begun[worker.name],
        )
        worker.end()
    for worker in running:
        if worker.flops_of in results:
            flops = results[worker.flops_of].flops
            results[worker.name] = results[worker.name]._replace(flops=flops)
    return results


class _Worker:
    """The process of a variant, which does what it is asked."""

    def __init__(self, variant: Variant, threads: int | None):
        context = get_context('spawn')
        self.pipe, theirs = context.Pipe()
        self.name, self.flops_of = variant.name, variant.flops_of
        self.process = context.Process(
            target=_work, args=(theirs, variant, threads), daemon=True
        )
        self.process.start()
        theirs.close()  # or a dead process would be waited for
        # Built one after the other, as building may take all cores.
        self.skipped = self.ask()

    def ask(self, what: str | None = None):
        if what is not None:
            self.pipe.send(what)
        try:
            answer = self.pipe.recv()
        except EOFError:
            raise RuntimeError(f'the process of {self.name!r} died') from None
        if isinstance(answer, BaseException):
            raise RuntimeError(f'{self.name!r} failed') from answer
        return answer

    def end(self):
        self.pipe.send('end')
        self.process.join()


def _work(pipe, variant: Variant, threads: int | None) -> None:
    try:
        _answer(pipe, variant, threads)
    except Skip as reason:
        pipe.send(str(reason))
    except EOFError:
        pass  # the parent is gone
    except Exception as error:  # sent, as only the parent can show it
        import traceback

        pipe.send(RuntimeError(f'{error}\n{traceback.format_exc()}'))


def _answer(pipe, variant: Variant, threads: int | None) -> None:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    if threads:
        torch.set_num_threads(threads)
    clock = CLOCKS[os.environ.get('MMSPG_CLOCK', 'wall')]
    before = resident('VmRSS')
    step = variant.build(*variant.args)
    forget_peak()
    pipe.send('')
    figure = None
    for what in iter(pipe.recv, 'end'):
        if what == 'peak':
            pipe.send(peak_since(before))
        elif what == 'flops':
            with FlopCounterMode(display=False) as counter:
                step()
            pipe.send(counter.get_total_flops())
        elif what == 'figure':  # of the last step
            pipe.send(float(figure))
        else:
            synchronise()
            begin = clock()
            figure = step()
            synchronise()
            seconds = clock() - begin
            pipe.send(seconds)


def table(
    variants: list[Variant], results: dict[str, Result], images: int
) -> str:
    """Results as a Markdown table, ratios to the first outside variant.

    Args:
        variants (list[Variant]): Those of `measure`.
        results (dict[str, Result]): From `measure`.
        images (int): Images per step.

    Returns:
        str: Lines. "share" is of the matrix product of the variant's kind.
    """
    outside = [v.name for v in variants if v.name.startswith('outside')]
    lines = [
        '| variant | first s | ms | best | images/s | GFLOP/image | share '
        '| peak MiB |'
        + ''.join(f' {name}: times as fast | memory |' for name in outside),
        '|---|' + '--:|' * (7 + 2 * len(outside)),
    ]
    for variant in variants:
        got = results[variant.name]
        if got.skipped:
            continue
        rate = results[PRODUCT + variant.rate]
        share = (got.flops / got.seconds) / (rate.flops / rate.seconds)
        cells = [
            variant.name,
            f'{got.first:.2f}',
            f'{1000 * got.seconds:.1f}',
            f'{1000 * got.best:.1f}',
            f'{images / got.seconds:.2f}',
            f'{got.flops / images / 1e9:.1f}',
            f'{share:.0%}',
            f'{got.peak / 2**20:.0f}',
        ]
        for name in outside:
            cells += [
                f'{results[name].seconds / got.seconds:.2f}',
                f'{got.peak / results[name].peak:.2f}',
            ]
        lines.append(f'| {" | ".join(cells)} |')
    for rate in dict.fromkeys(v.rate for v in variants):
        product = results[PRODUCT + rate]
        if not product.skipped:
            speed = product.flops / product.seconds / 1e9
            lines.append(f'{PRODUCT}{rate}: {speed:.0f} GFLOP/s')
    for variant in variants:
        if results[variant.name].skipped:
            why = results[variant.name].skipped
            lines.append(f'skipped: {variant.name}: {why}')
    return '\n'.join(lines)
