"""Time a step of the report's threshold slider in headless Chromium.

python tools/benchmarks/benchmark_report.py [--number 5000]

writes a report of so many images of 500 x 375 pixels with smooth 28 x 28
maps and moves the slider by real input events. A step is the time from the
event until the frame after it has been painted: all boxes, all figures, the
grid. Needs Chromium and a checkout, whose tests have the browser's driver.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from benchmark_boxes import smooth_maps

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / 'tests')]

STEPS = """(async () => {
  const slider = document.getElementById('threshold'), times = [];
  for (let i = 0; i < 21; i++) {
    slider.value = 10 + 4 * i;
    const start = performance.now();
    slider.dispatchEvent(new Event('input'));
    await new Promise(done => requestAnimationFrame(
      () => { const c = new MessageChannel(); c.port1.onmessage = done;
              c.port2.postMessage(0); }));
    times.push(performance.now() - start);
  }
  return times;
})()"""


def sample_of(rng, i, score_map):
    label = int(rng.integers(20))
    x, y = np.sort(rng.uniform(0, 499, 2)), np.sort(rng.uniform(0, 374, 2))
    return dict(
        img_id=f'image {i}',
        gt_label=np.array([label]),
        pred_score=rng.dirichlet(np.ones(20)),
        score_map=score_map[None].astype(np.float32),
        score_map_labels=np.array([label]),
        ori_shape=(375, 500),
        img_shape=(224, 224),
        ori_gt_bboxes=np.array([[x[0], y[0], x[1] + 1, y[1] + 1]]),
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        '--number', type=int, default=5000, help='how many images'
    )
    parser.add_argument('--out', help='keep the report in this folder')
    args = parser.parse_args()

    from browser import Browser, find_chromium

    from mmspg.visualization.report import (
        report_image,
        slider_thresholds,
        write_report,
    )

    if find_chromium() is None:
        sys.exit('benchmark_report.py: no chromium on this machine')
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (12, 16, 3), np.uint8)
    picture = cv2.resize(picture, (200, 150))
    curve = [0.0, 50.0, 0.0]
    positions = slider_thresholds(0.3)
    figures = dict(threshold=0.3, gt_known_acc=50.0, gt_known_err=50.0)
    keys = ('gt_known_acc', 'top1_acc', 'top5_acc')
    figures['curves'] = dict(
        dict.fromkeys(keys, curve), thresholds=[0, 0.5, 1]
    )
    with tempfile.TemporaryDirectory() as folder:
        page = write_report(
            args.out or folder,
            (
                (
                    report_image(sample_of(rng, i, raw), positions),
                    picture,
                )
                for i, raw in enumerate(smooth_maps(args.number))
            ),
            figures,
            [f'class {i}' for i in range(20)],
            f'{args.number} images',
        )
        data = (page.parent / 'data.js').stat().st_size / 2**20
        with Browser() as browser:
            browser.open(page.as_uri())
            times = np.array(browser.run(STEPS))
    print(
        f'{args.number} images, {data:.1f} MiB of data: a slider step takes '
        f'{np.median(times):.0f} ms (median of {len(times)}; '
        f'{times.min():.0f} to {times.max():.0f})'
    )


if __name__ == '__main__':
    main()
