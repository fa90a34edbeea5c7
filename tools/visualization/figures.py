"""Draw the paper's Fig. 3 and Fig. 4 for given images.

python tools/visualization/figures.py CONFIG CKPT IMAGES... --out DIR

writes fig3.png, fig3.pdf, fig4.png and fig4.pdf: score map with predicted
and, where known, true box; localization map, Mask-A, B2, B1 and C. Without
images it takes the first of the config's test set, with their true boxes.
"""

import argparse
import sys
from pathlib import Path


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('images', nargs='*', help='images or folders')
    parser.add_argument('--out', default='figures', help='folder (figures)')
    parser.add_argument(
        '--number', type=int, default=8, help='of the test set (8)'
    )
    parser.add_argument('--data-root', help='as of tools/test.py')
    parser.add_argument('--input-size', type=int, help='likewise')
    parser.add_argument('--threshold', type=float, help='of the boxes')
    parser.add_argument(
        '--palette', choices=['paper', 'colour-blind'], default='paper'
    )
    parser.add_argument('--device', help='cuda:0, say (the CPU)')
    parser.add_argument('--allow-pickle', action='store_true')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE'
    )
    return parser.parse_intermixed_args()


def given_images(find, paths):
    """Batches of one, from files."""
    from mmspg.apis.inputs import list_inputs, load_inputs

    for path in paths:
        for info, error in load_inputs(*list_inputs(path)):
            if error:
                raise error
            yield info['img'], next(find.preprocess([info]))


def test_images(cfg, number):
    """Batches of one, from the test set."""
    from mmengine.dataset import default_collate
    from mmpretrain.registry import DATASETS

    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    for i in range(min(number, len(dataset))):
        data = dataset[i]
        yield dataset.get_image(i), default_collate([data])


def example_of(find, image, sample):
    """What `draw_fig3` takes."""
    from mmspg.evaluation.functional import to_inclusive
    from mmspg.evaluation.locate import locate

    threshold, rule, align_corners, _ = find.protocol
    found = locate(sample, threshold, rule, None, align_corners)
    name = f'class {found.label}'
    if find.classes is not None:
        name = str(find.classes[found.label])
    example = dict(
        image=image[..., ::-1],
        score_map=found.score_map,
        box=found.box,
        title=name,
    )
    if 'ori_gt_bboxes' in sample:
        truth = sample.ori_gt_bboxes.cpu().numpy()
        example['gt_boxes'] = to_inclusive(truth)
    return example


def main():
    args = parse_args()

    from mmspg.utils.unpickling import allow_pickle

    allow_pickle(args.allow_pickle)

    # After the arguments, since these take seconds to import.
    from mmspg.apis import LocalizationInferencer
    from mmspg.utils import cfg as change
    from mmspg.visualization.fig3 import draw_fig3
    from mmspg.visualization.fig4 import draw_fig4, guidance_stages

    try:
        cfg = change.load_config(args.config)
        if args.data_root:
            change.set_data_root(cfg, args.data_root)
        if args.input_size:
            change.set_input_size(cfg, args.input_size)
        cfg.merge_from_dict(change.parse_options(args.cfg_options))
        find = LocalizationInferencer(
            cfg, args.checkpoint, args.device, threshold=args.threshold
        )
        batches = (
            given_images(find, args.images)
            if args.images
            else test_images(cfg, args.number)
        )
        images, examples, stages = [], [], []
        for image, data in batches:
            (sample,) = find.forward(data)
            images.append(image[..., ::-1])
            examples.append(example_of(find, image, sample))
            if hasattr(find.model.head, 'guide'):
                labels = sample.get('gt_label', sample.pred_label)
                stages += guidance_stages(find.model, data, labels)
    except (OSError, ValueError) as error:
        sys.exit(f'figures.py: {error}')

    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    pages = dict(fig3=draw_fig3(examples, args.palette))
    if stages:
        pages['fig4'] = draw_fig4(images, stages, args.palette)
    else:
        print('no fig4: this model has no side branches (SPG-plain)')
    for name, page in pages.items():
        for suffix in ('png', 'pdf'):
            page.savefig(out / f'{name}.{suffix}')
            print(out / f'{name}.{suffix}')


if __name__ == '__main__':
    main()
