"""Choose map, steps and threshold on one split, and store them.

    python tools/analysis_tools/choose_maps.py CHECKPOINT

passes the images of the choosing split through the network once, and compares
all single maps (score_map_source) with all steps (score_map_steps), and then
products with the chosen map, each at its best threshold. It changes the
setting of the config as long as the interval of the gain lies above zero. Map,
steps and threshold are written into the checkpoint, where every tool finds
them. The choosing split is --split, or else 'val' of the benchmark's metadata
if it exists, or else the split that the config validates on. Its images need
boxes, unless --proposals is given.
"""

import copy
import sys
from pathlib import Path

from sweep_threshold import choosing_loader, measuring_loader, sweeping_metric

from mmspg.utils import command_line as cli


def parse_args():
    parser = cli.tool_parser(__doc__)
    add = parser.add_argument
    cli.add_model(parser)
    add('--split', help='the split of the data set to choose on')
    add(
        '--ddt-images',
        type=int,
        default=300,
        metavar='N',
        help='compute the statistics of DDT from N images of the split, '
        'unless the checkpoint has them; 0 leaves DDT out '
        '(default: %(default)s)',
    )
    add(
        '--attributions',
        nargs='+',
        default=[],
        metavar='NAME:LAYER',
        help='also try maps by gradients, such as '
        'layercam:backbone.layers.2; each takes a forward and a backward '
        'pass more. A wrong layer lists all',
    )
    add(
        '--views',
        action='store_true',
        help='also try the mirror image and a larger size (score_map_views), '
        'which takes several more passes of the network',
    )
    add(
        '--proposals',
        metavar='FILE',
        help='choose without true boxes, by how well boxes agree with '
        'proposals. FILE is JSON, {"image id": [[x0, y0, x1, y1], ...]}, '
        'or the word selective-search (needs opencv-contrib)',
    )
    add(
        '--out',
        metavar='FILE',
        help='write the checkpoint to FILE (default: change the given one)',
    )
    add(
        '--measure-on',
        metavar='SPLIT',
        help='also measure the choice on this split of the data set, whose '
        'images have no influence on it',
    )
    cli.add_shared(
        parser,
        *('--work-dir', '--data-root', '--input-size', '--device'),
        *('--allow-pickle', '--cfg-options'),
    )
    args = cli.read_arguments(parser)
    if args.checkpoint is None:
        parser.error('the checkpoint is missing: CONFIG CHECKPOINT')
    if '://' in args.checkpoint and not args.out:
        parser.error(
            f'{args.checkpoint} is not a local file, so add --out FILE.pth'
        )
    if args.out and Path(args.out).is_dir():
        parser.error(f'--out {args.out} is a folder: name a file in it')
    return args


def build(args):
    """Give the runner, the unchanged config, and the checkpoint's content."""
    from mmspg.engine.runner import build_test_runner

    cfg, content = cli.read_model(args)
    cli.apply_arguments(cfg, args)
    given = copy.deepcopy(cfg)
    given.load_from = None
    if not args.work_dir:
        cfg.work_dir = str(Path(cfg.work_dir, 'choose_maps'))
    cfg.test_dataloader = choosing_loader(cfg, args.split)
    cfg.test_evaluator = dict(sweeping_metric(cfg, 100), top5_star=None)
    cfg.setdefault('test_cfg', dict())
    runner = build_test_runner(cfg, args.checkpoint, content)
    runner.load_or_resume()
    if args.device:
        runner.model.to(args.device)
    tested = (given.get('test_dataloader') or {}).get('dataset')
    if tested == cfg.test_dataloader.dataset:
        print(
            'The config tests on the same split, so a test with this choice '
            'gives figures that are too high. Choose on another split with '
            '--split.',
            file=sys.stderr,
        )
    return runner, given, content


def make_ddt(model, dataloader, number):
    """Compute the statistics of DDT from the first images, for the head."""
    import torch

    from mmspg.models.ddt import principal_direction

    def features():
        left = number
        for batch in dataloader:
            batch = model.data_preprocessor(batch)
            feats = model.extract_feat(batch['inputs'])
            yield model.head.pre_logits(feats)[:left]
            left -= len(batch['inputs'])
            if left <= 0:
                return

    with torch.no_grad():
        model.head.set_ddt(principal_direction(features()))


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import.
    from mmspg.evaluation.chosen_config import put_reading, put_views
    from mmspg.evaluation.map_choice import (
        CENTRED,
        Comparison,
        choose,
        choose_views,
        chosen,
        compare_centred,
    )
    from mmspg.evaluation.map_collection import (
        VIEWS_TRIED,
        collect_maps,
        collect_views,
    )
    from mmspg.evaluation.map_sources import (
        PLAIN,
        attribution_maps,
        available_sources,
    )
    from mmspg.evaluation.map_tables import (
        choice_table,
        compare_choices,
        measured_table,
        views_table,
    )
    from mmspg.evaluation.paired_hits import Reading
    from mmspg.evaluation.proposals import proposals_of, read_proposals

    with cli.errors_in_one_line(args):
        listed = None
        if args.proposals not in (None, 'selective-search'):
            listed = read_proposals(args.proposals)
        runner, given, content = build(args)
        if args.out:
            Path(args.out).parent.mkdir(parents=True, exist_ok=True)
        if args.measure_on:
            cfg = measuring_loader(runner.cfg.test_dataloader, args.measure_on)
            others = runner.build_dataloader(cfg)
        model = runner.model.eval()
        if hasattr(model, 'members'):
            raise ValueError(
                'the model is an ensemble: choose the map of each member '
                "with its own checkpoint, and set it as that member's "
                'head.score_map_source in model.members'
            )
        attributions = attribution_maps(model, args.attributions)
        if not available_sources(model):
            raise ValueError(
                f'a {type(model.head).__name__} has only one map, or gives '
                'boxes without a map, so there is nothing to choose'
            )
        if args.views and type(model).__name__ not in PLAIN:
            raise ValueError(
                f'a {type(model).__name__} cannot average views; leave out '
                '--views'
            )
        loader = runner.test_dataloader
        (metric,) = runner.test_evaluator.metrics
        if args.ddt_images > 0 and not model.head.has_ddt:
            make_ddt(model, loader, args.ddt_images)
        images = collect_maps(model, loader, attributions)
        proposals = None
        if args.proposals:
            proposals = proposals_of(images, listed)
        comparison = Comparison(images, metric, proposals)
    source = next(iter(attributions), None)
    if not hasattr(model, 'attribution'):
        source = model.head.score_map_source
    start = comparison.reading(source, metric.reading['score_map_steps'])
    path = choose(comparison, start)
    best = chosen(path, start)
    what = 'agreement with proposals' if args.proposals else 'GT-known'
    print(
        f'{what} in percent on {len(images)} images, each map and list of '
        f'steps at its best threshold\n\n{choice_table(comparison)}\n'
    )
    share = None
    if all('ori_gt_bboxes' in image for image in images):
        figure, share = compare_centred(images, metric).figure(CENTRED)
        print(f'A centred box of {share:.0%} of the sides: {figure:.1f}')
    print(f'The setting so far: {start}: {comparison.figure(start)[0]:.1f}')
    for move in path:
        print(told(move, move.to))
    if args.proposals:
        print(
            'Proposals are a weak guide. If they leave out parts of the '
            'objects, the threshold comes out too high. A few images with '
            'boxes are better.'
        )
    if share and args.proposals:
        by_boxes = Comparison(images, metric)
        print(compare_choices(by_boxes, start, comparison, best))
    by_views, used = None, None
    if args.views and best.source in attributions:
        print(f'Views are not tried, as {best.source} has none')
    elif args.views:
        images = collect_views(model, loader, best.source)
        by_views = Comparison(images, metric, proposals)
        move = choose_views(by_views, best.steps)
        print(told(move, f'views {move.to.source}'))
        used = move.to if move.kept else Reading('image', best.steps)
    elif given.model.get('score_map_views'):
        print('score_map_views is removed; add --views to choose it again')
    if args.measure_on:
        images = collect_maps(model, others, attributions)
        test = Comparison(images, metric)
        print(
            f'\nMeasured on the {len(images)} images of {args.measure_on}, at '
            'the thresholds above:\n\n'
            f'{measured_table(comparison, test, start, best)}\n'
        )
        if share:
            figure = compare_centred(images, metric).figure_at(CENTRED, share)
            print(f'A centred box of {share:.0%} of the sides: {figure:.1f}')
        if by_views:
            images = collect_views(model, others, best.source)
            test = Comparison(images, metric)
            print(f'\n{views_table(by_views, test, used)}\n')
    figure, threshold = (by_views or comparison).figure(used or best)
    put_reading(given, model, best, attributions)
    put_views(given, used and VIEWS_TRIED.get(used.source))
    write(args, runner, given, content, threshold, figure)
    print(f'{best}, threshold {threshold:g}: {figure:.1f} %')


def told(move, to):
    """Say what became of the best change of a round."""
    kept = 'Kept' if move.kept else 'Not kept, as it may be luck'
    return f'{kept}: {to}: {move.gain}, the best of {move.tried}'


def write(args, runner, given, content, threshold, figure):
    """Write weights, config and choice into the checkpoint."""
    import torch

    from mmspg.evaluation import choices
    from mmspg.evaluation.protocol import named_split
    from mmspg.utils.atomic import replacing
    from mmspg.utils.carried_config import META_KEY

    dataset = runner.test_dataloader.dataset
    state = {k: v.cpu() for k, v in runner.model.state_dict().items()}
    choice = dict(
        threshold=threshold,
        kind='chosen',
        chosen_on=named_split(dataset),
        figure='agreement' if args.proposals else 'gt_known_acc',
        value=figure,
        weights=choices.weights_digest(state),
        **choices.settings_of(given),
    )
    content = dict(content) if 'state_dict' in content else {}
    meta = dict(content.get('meta') or {}, cfg=given.pretty_text)
    meta.setdefault('dataset_meta', dataset.metainfo)
    meta[META_KEY] = choice
    out = Path(args.out or args.checkpoint)
    with replacing(out) as file:  # a write may break off
        torch.save(dict(content, state_dict=state, meta=meta), file)
    beside = choices.threshold_file(str(out))
    if beside.is_file():
        beside.unlink()
        print(f'{beside} was of another choice and is deleted')
    print(f'{out} has the choice. Test it: python tools/test.py {out}')


if __name__ == '__main__':
    main()
