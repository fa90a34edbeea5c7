"""Close the loop: from classes of images to a detector, and measure it.

    python projects/closed_loop/run.py --out work_dirs/closed_loop

trains SPG on the embedded data set, of which it sees classes alone; labels
the training images; trains a detector of torchvision on these pseudo-boxes;
and reports the AP50 of both on test images with true boxes. A minute or two
of a CPU each. What has been made in --out is not made again.
"""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'configs/spg_tiny_synthetic.py'
SIDE = 64


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add('--out', type=Path, default=Path('work_dirs/closed_loop'))
    add('--images', type=int, default=1000, help='to train on')
    add('--test-images', type=int, default=300)
    add('--spg-epochs', type=int, default=8)
    add('--epochs', type=int, default=12, help='of the detector')
    return parser.parse_args()


def draw_images(args):
    """Write the training images, a folder a class: no box goes with them."""
    from PIL import Image

    from mmspg.datasets import SyntheticLoc

    drawn = SyntheticLoc('train', args.images, side=SIDE)
    folder = args.out / 'photos' / 'train'
    for i in range(len(drawn)):
        info = drawn.get_data_info(i)
        name = drawn.metainfo['classes'][info['gt_label']]
        path = folder / name / f'{i:05d}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(drawn.get_image(i)[..., ::-1]).save(path)
    return folder.parent


def run(*words):
    """Run a tool of mmspg."""
    print('python', *words, flush=True)
    words = [sys.executable, ROOT / words[0], *words[1:]]
    subprocess.run([str(word) for word in words], check=True, cwd=ROOT)


def pseudo_boxes(args):
    """Train SPG and label its training images; gives both folders."""
    out = args.out.resolve()
    trained, labels = out / 'spg', out / 'labels'
    if not (trained / 'last_checkpoint').is_file():
        run(
            *('tools/train.py', CONFIG, '--work-dir', trained),
            '--cfg-options',
            f'train_dataloader.dataset.num_images={args.images}',
            f'train_cfg.max_epochs={args.spg_epochs}',
            f'train_cfg.val_interval={args.spg_epochs}',
            'default_hooks.visualization.enable=False',
            'default_hooks.box_choice.type=mmspg.BoxChoiceHook',
        )
    checkpoint = (trained / 'last_checkpoint').read_text().strip()
    run(
        *('tools/labeling/label_images.py', draw_images(args), checkpoint),
        *('--format', 'coco', '--out', labels, '--overwrite'),
    )
    return checkpoint, labels / 'coco'


def build_detector():
    """A small FCOS (Tian et al., ICCV 2019) without weights, for one class."""
    from torch import nn
    from torchvision.models import resnet18
    from torchvision.models.detection import FCOS
    from torchvision.models.detection.anchor_utils import AnchorGenerator

    trunk = resnet18()
    backbone = nn.Sequential(
        *(trunk.conv1, trunk.bn1, trunk.relu, trunk.maxpool),
        *(trunk.layer1, trunk.layer2),
    )
    backbone.out_channels = 128
    anchors = AnchorGenerator(sizes=((8,),), aspect_ratios=((1.0,),))
    return FCOS(
        backbone, 1, SIDE, SIDE, anchor_generator=anchors, detections_per_img=5
    )


def train_detector(coco, epochs):
    """Train on a COCO set; what a box shows is not asked."""
    import torch
    from torchvision.datasets import CocoDetection
    from torchvision.transforms.functional import pil_to_tensor

    torch.manual_seed(0)
    found = CocoDetection(coco / 'train', coco / 'annotations' / 'train.json')
    samples = []
    for image, entries in found:
        boxes = torch.tensor([e['bbox'] for e in entries]).reshape(-1, 4)
        boxes = boxes.float()
        boxes[:, 2:] += boxes[:, :2]
        labels = torch.zeros(len(boxes), dtype=torch.int64)
        target = dict(boxes=boxes, labels=labels)
        samples.append((pil_to_tensor(image.convert('RGB')) / 255, target))
    detector = build_detector().train()
    optimizer = torch.optim.AdamW(detector.parameters(), 1e-3)
    batches = -(-len(samples) // 16)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1e-3, total_steps=epochs * batches
    )
    for epoch in range(epochs):
        total = 0.0
        order = torch.randperm(len(samples)).tolist()
        for start in range(0, len(order), 16):
            images, targets = zip(
                *(samples[i] for i in order[start : start + 16]), strict=True
            )
            loss = sum(detector(list(images), list(targets)).values())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() / batches
        print(f'detector, epoch {epoch + 1}: loss {total:.3f}', flush=True)
    return detector.eval()


def measure(args, checkpoint, detector):
    """AP50 on the test images of pseudo-boxes and detector, in percent."""
    import numpy as np
    import torch

    from mmspg.apis import LocalizationInferencer
    from mmspg.datasets import SyntheticLoc
    from mmspg.evaluation.functional import to_inclusive
    from mmspg.evaluation.metrics.detection_metric import (
        Found,
        average_precision,
    )

    drawn = SyntheticLoc('test', args.test_images, side=SIDE, test_mode=True)
    find = LocalizationInferencer(checkpoint)
    results = dict(pseudo=[], detector=[])
    for i in range(len(drawn)):
        image = drawn.get_image(i)
        truth = to_inclusive(drawn.get_data_info(i)['ori_gt_bboxes'])
        places = find(image, progress=False)[0]['locations']
        rgb = np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1))
        with torch.no_grad():
            found = detector([torch.from_numpy(rgb) / 255])[0]
        boxes = dict(
            pseudo=[place['box'] for place in places],
            detector=to_inclusive(found['boxes']),
        )
        scores = dict(
            pseudo=[p.get('confidence', p['score']) for p in places],
            detector=found['scores'].numpy(),
        )
        for name, kept in results.items():
            predicted = np.reshape(boxes[name], (-1, 1, 4))
            nothing = np.zeros(len(predicted), int)
            of = np.zeros(len(truth), int)
            kept.append(Found(predicted, nothing, scores[name], truth, of, {}))
    return {
        name: 100 * average_precision(kept)[0]
        for name, kept in results.items()
    }


def main():
    args = parse_args()
    checkpoint, coco = pseudo_boxes(args)
    detector = train_detector(coco, args.epochs)
    found = measure(args, checkpoint, detector)
    print(
        f'AP50 on {args.test_images} test images with true boxes:\n'
        f'pseudo-boxes of SPG  {found["pseudo"]:5.1f} %\n'
        f'detector on them     {found["detector"]:5.1f} %'
    )


if __name__ == '__main__':
    main()
