"""Find the objects of images or of a video with a trained model.

python tools/visualization/locate.py IMAGE|FOLDER|VIDEO CONFIG CKPT --out DIR

writes pictures (or one annotated video) and, beside them, results.json. The
exit status is 1 if an image could not be read; the others are done.
"""

import argparse
import os
import sys
from pathlib import Path

VIDEOS = ('.avi', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.webm')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('input', help='image, folder of images, or video')
    parser.add_argument('config', help='config file, or name of a model')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument(
        '--out', default='located', help='folder to write to (located)'
    )
    parser.add_argument(
        '--threshold',
        type=float,
        help='where the map is cut, in [0, 1] (default: what was chosen for\n'
        'the checkpoint, or the best of its last validation, or .2)',
    )
    parser.add_argument('--rule', help='from map to box (that of the config)')
    parser.add_argument(
        '--topk', type=int, default=1, help='box the k best classes'
    )
    parser.add_argument(
        '--label', nargs='+', help='box these classes, by number or name'
    )
    parser.add_argument(
        '--all-boxes',
        action='store_true',
        help='add the boxes of all parts of the map, largest first',
    )
    parser.add_argument(
        '--coco',
        action='store_true',
        help="results.json as COCO's detection results",
    )
    parser.add_argument(
        '--score-maps',
        action='store_true',
        help='write the score maps, 8-bit PNGs of the size of the image',
    )
    parser.add_argument('--no-pictures', action='store_true', help='JSON only')
    parser.add_argument(
        '--palette',
        choices=['paper', 'colour-blind'],
        default='paper',
        help='colours of boxes and maps',
    )
    parser.add_argument('--batch-size', type=int, default=1)
    parser.add_argument('--device', help='cuda:0, say (the CPU)')
    parser.add_argument('--input-size', type=int, help='as of tools/test.py')
    parser.add_argument(
        '--allow-pickle',
        action='store_true',
        help='unpickle checkpoints in full, which can run code: for files\n'
        'you trust',
    )
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE'
    )
    args = parser.parse_args()
    if args.batch_size < 1:
        parser.error(f'--batch-size must be at least 1, got {args.batch_size}')
    from mmspg.utils.unpickling import allow_pickle

    allow_pickle(args.allow_pickle)
    return args


def build(args):
    """Make the inferencer."""
    from mmpretrain.apis import ModelHub

    from mmspg.apis import LocalizationInferencer
    from mmspg.utils import cfg as change

    if not args.config.endswith('.py') and ModelHub.has(args.config):
        cfg = ModelHub.get(args.config).config
    else:
        cfg = change.load_config(args.config)
    if args.input_size:
        change.set_input_size(cfg, args.input_size)
    cfg.merge_from_dict(change.parse_options(args.cfg_options))
    return LocalizationInferencer(
        cfg,
        args.checkpoint,
        args.device,
        threshold=args.threshold,
        rule=args.rule,
        palette=args.palette,
    )


def locate_images(args, find):
    out = Path(args.out)
    results = []
    for result in find.stream(
        args.input,
        batch_size=args.batch_size,
        label=args.label,
        topk=args.topk,
        unreadable='skip',
        all_boxes=args.all_boxes,
        return_score_maps=args.score_maps,
        show_dir=None if args.no_pictures else out / 'pictures',
        leave_out=[out / 'pictures', out / 'score_maps'],  # of a former run
    ):
        if args.score_maps:
            write_score_maps(result, out / 'score_maps')
        results.append(result)
    return results


def write_score_maps(result, folder):
    import mmcv

    from mmspg.engine.hooks.localization_visualization_hook import safe_name

    for location in result['locations']:
        name = f'{safe_name(result["img_id"])}_{location["label"]}.png'
        score_map = location.pop('score_map')
        mmcv.imwrite((score_map * 255 + 0.5).astype('uint8'), folder / name)
    result.pop('score_map')


def locate_video(args, find):
    from mmspg.apis.video import VideoFile, annotate, frames_of

    frames, rate, _ = frames_of(args.input)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    results, kept = [], []

    def remembered():
        for frame in frames:
            kept.append(frame)
            yield frame

    with VideoFile(out / f'{Path(args.input).stem}.mp4', rate) as video:
        for result in find.stream(
            remembered(),
            batch_size=args.batch_size,
            label=args.label,
            topk=args.topk,
            all_boxes=args.all_boxes,
            return_score_maps=True,
        ):
            frame = kept.pop(0)
            if not args.no_pictures:
                video.write(annotate(frame, result, args.palette))
            for item in (result, *result['locations']):
                item.pop('score_map')
            results.append(dict(result, time=len(results) / rate))
    return results


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import.
    from mmspg.apis.results import save_results

    if not os.path.exists(args.input) and '://' not in args.input:
        sys.exit(f'locate.py: there is no file or folder {args.input}')
    try:
        find = build(args)
        is_video = args.input.lower().endswith(VIDEOS)
        results = (locate_video if is_video else locate_images)(args, find)
    except (FileNotFoundError, ValueError, OSError) as error:
        sys.exit(f'locate.py: {error}')
    save_results(results, Path(args.out) / 'results.json', args.coco)
    print(
        f'{len(results)} images at threshold {find.protocol.threshold:g} '
        f'({find.protocol.source}), rule {find.protocol.rule}: see {args.out}'
    )
    if find.unreadable:
        for reason in find.unreadable.values():
            print(f'not done: {reason}', file=sys.stderr)
        sys.exit(1)


if __name__ == '__main__':
    main()
