"""Time what comes after the network: from a map, by its steps, to a box.

    python tools/benchmarks/benchmark_steps.py

An image of 500 x 375 pixels goes through EfficientNet-Lite0 at 224 pixels on
one thread; then its class map is brought to [0, 1], laid on the image, cut at
one threshold and boxed, by each list of steps. All run in turn, and each
time is the least of the repeats, in CPU time, so that other programs do not
count. The ratio is to the network's time.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')  # before NumPy and OpenCV

CONFIG = (
    Path(__file__).parents[2]
    / 'configs/light/cam_efficientnet-lite0_imagenet.py'
)
SIZE = (375, 500)  # height, width


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--repeats', type=int, default=50)
    return parser.parse_args()


def build_network():
    """The network without its weights, which change no time."""
    from mmengine.config import Config

    from mmspg.registry import MODELS
    from mmspg.utils.setup_env import register_all_modules

    register_all_modules()
    cfg = Config.fromfile(CONFIG)
    cfg.model.backbone.init_cfg = None
    return MODELS.build(
        {'data_preprocessor': cfg.data_preprocessor, **cfg.model}
    ).eval()


def steps_to_time():
    """Lists of `score_map_steps`, those that see the image at the end."""
    from mmspg.evaluation.map_choice import STEPS_TRIED

    try:
        import skimage  # noqa: F401

        of_images = ['slic'], ['grabcut']
    except ImportError:
        of_images = (['grabcut'],)
    return [*STEPS_TRIED, *of_images]


def main():
    args = parse_args()

    import cv2
    import numpy as np
    import torch

    from mmspg.evaluation.functional.steps import steps_in_words
    from mmspg.evaluation.locate import locate

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    model = build_network()
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(
        rng.integers(0, 256, (*SIZE, 3), np.uint8), (0, 0), 9
    )
    pixels = torch.from_numpy(cv2.resize(image, (224, 224)))
    pixels = pixels.permute(2, 0, 1)[None]

    @torch.inference_mode()
    def network():
        return model.test_step(dict(inputs=pixels))[0]

    sample = dict(
        network().to_dict(),
        ori_shape=SIZE,
        img_shape=(224, 224),
        ori_img=image,
    )
    # A map as a network draws it: a hill on noise.
    y, x = (np.mgrid[:14, :14] - 6) / 3
    hill = np.exp(-(x**2) - y**2) + rng.normal(0, 0.05, (14, 14))
    sample['score_map'] = np.stack([hill] * len(sample['score_map']))

    def box(steps):
        return locate(sample, 0.2, score_map_steps=steps)

    steps = {steps_in_words(one): one for one in steps_to_time()}
    least = dict.fromkeys(['network', *steps], float('inf'))
    for _ in range(args.repeats):
        for name in least:
            start = time.process_time()
            box(steps[name]) if name in steps else network()
            took = time.process_time() - start
            least[name] = min(least[name], took)
    print('| what | ms | share of the network |\n|---|---|---|')
    for name, took in least.items():
        share = took / least['network']
        print(f'| {name} | {1000 * took:.2f} | {share:.3f} |')


if __name__ == '__main__':
    main()
