"""Draw the paper's Fig. 3 and Fig. 4 for given images.

python tools/visualization/figures.py CONFIG CKPT IMAGES... --out DIR

writes fig3.png, fig3.pdf, fig4.png and fig4.pdf. Fig. 3 has score maps with
the predicted boxes and, if they are known, the true boxes. Fig. 4 has
localization map, Mask-A, B2, B1 and C. Without images it takes the first ones
of the config's test set, with their true boxes.
"""

from pathlib import Path

from mmspg.utils import command_line as cli


def parse_args():
    parser = cli.tool_parser(__doc__)
    add = parser.add_argument
    cli.add_shared(parser, 'config')
    add('checkpoint', help='weights of the model')
    add('images', nargs='*', help='images or folders')
    add(
        '--out',
        default='figures',
        metavar='DIR',
        help='folder to write to (default: %(default)s)',
    )
    add(
        '--number',
        type=int,
        default=8,
        help='number of images of the test set (default: %(default)s)',
    )
    add(
        '--threshold',
        type=float,
        help='score at which maps are cut (default: the threshold that was '
        'chosen for the checkpoint, or .2, and .5 for a branch of SPG)',
    )
    cli.add_shared(parser, '--palette', '--device', '--data-root')
    cli.add_shared(parser, '--input-size', '--allow-pickle', '--cfg-options')
    return cli.read_arguments(parser)


def given_images(inferencer, paths):
    """Yield each image of some files as a batch of one."""
    from mmspg.apis.inputs import list_inputs, load_inputs

    for path in paths:
        for info, error in load_inputs(*list_inputs(path)):
            if error:
                raise error
            yield info['img'], next(inferencer.preprocess([info]))


def test_images(cfg, number):
    """Yield the first images of the test set as batches of one."""
    from mmengine.dataset import default_collate
    from mmpretrain.registry import DATASETS

    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    for i in range(min(number, len(dataset))):
        data = dataset[i]
        yield dataset.get_image(i), default_collate([data])


def example_of(inferencer, image, sample):
    """Make an example for `draw_fig3`."""
    from mmspg.evaluation.functional import to_inclusive
    from mmspg.evaluation.locate import locate

    protocol = inferencer.protocol
    found = locate(sample, protocol.threshold, **protocol.reading)
    name = f'class {found.label}'
    if inferencer.classes is not None:
        name = str(inferencer.classes[found.label])
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

    # After the arguments, since these take seconds to import.
    from mmspg.apis import LocalizationInferencer
    from mmspg.visualization.fig3 import draw_fig3
    from mmspg.visualization.fig4 import draw_fig4, guidance_stages

    with cli.errors_in_one_line(args):
        cfg, _ = cli.read_model(args)
        cli.apply_arguments(cfg, args)
        inferencer = LocalizationInferencer(
            cfg,
            args.checkpoint,
            args.device,
            threshold=args.threshold,
            input_size=args.input_size,
        )
        batches = (
            given_images(inferencer, args.images)
            if args.images
            else test_images(cfg, args.number)
        )
        images, examples, stages = [], [], []
        for image, data in batches:
            (sample,) = inferencer.forward(data)
            images.append(image[..., ::-1])
            examples.append(example_of(inferencer, image, sample))
            if hasattr(inferencer.model.head, 'guide'):
                labels = sample.get('gt_label', sample.pred_label)
                stages += guidance_stages(inferencer.model, data, labels)

    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    pages = dict(fig3=draw_fig3(examples, args.palette))
    if stages:
        pages['fig4'] = draw_fig4(images, stages, args.palette)
    else:
        print('There is no fig4: this model has no side branches (SPG-plain)')
    for name, page in pages.items():
        for suffix in ('png', 'pdf'):
            page.savefig(out / f'{name}.{suffix}')
            print(out / f'{name}.{suffix}')


if __name__ == '__main__':
    main()
