"""Find the objects in images or a video with a trained model.

python tools/visualization/locate.py IMAGE|FOLDER|VIDEO [CHECKPOINT]

prints a line for each image, and writes pictures (or one annotated video) and
results.json into the folder located/. A checkpoint carries its config. Without
a checkpoint, a model of the 1000 classes of ImageNet is used. The exit status
is 1 if an image could not be read; the others are done.
"""

import os
import sys
from pathlib import Path

from mmspg.utils import command_line as cli

VIDEOS = ('.avi', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.webm')


def parse_args():
    parser = cli.tool_parser(__doc__)
    add = parser.add_argument
    add('input', help='image, folder of images, or video')
    cli.add_model(parser, required=False)
    add(
        '--out',
        default='located',
        metavar='DIR',
        help='folder to write to (default: %(default)s)',
    )
    add(
        '--all-boxes',
        action='store_true',
        help='add the boxes of all parts of the map, the largest first',
    )
    add(
        '--coco',
        action='store_true',
        help='write results.json as a data set of COCO',
    )
    add(
        '--score-maps',
        action='store_true',
        help='write the score maps as 8-bit PNGs of the size of the image',
    )
    add('--no-pictures', action='store_true', help='write only results.json')
    add(
        '--batch-size',
        type=int,
        default=1,
        help='number of images at a time (default: %(default)s)',
    )
    cli.add_boxes(parser)
    cli.add_shared(parser, '--palette')
    args = cli.read_arguments(parser)
    if args.batch_size < 1:
        parser.error(f'--batch-size must be at least 1, got {args.batch_size}')
    return args


def locate_images(args, inferencer):
    out = Path(args.out)
    results = []
    for result in inferencer.stream(
        args.input,
        batch_size=args.batch_size,
        label=args.label,
        topk=args.topk,
        unreadable='skip',
        progress=False,
        all_boxes=args.all_boxes,
        return_score_maps=args.score_maps,
        show_dir=None if args.no_pictures else out,
        leave_out=[out],  # the results of a former run
    ):
        if args.score_maps:
            write_score_maps(result, out / 'score_maps')
        print(line_of(result))
        results.append(result)
    return results


def line_of(result):
    """Write a line with class, score and box of each location."""
    found = [
        f'{place.get("class", place["label"])} {place["score"]:.2f} '
        f'{place["box"]}'
        for place in result['locations']
    ]
    return f'{result["img_id"]}: {", ".join(found)}'


def write_score_maps(result, folder):
    import mmcv

    from mmspg.visualization.names import safe_name

    for location in result['locations']:
        name = f'{safe_name(result["img_id"])}_{location["label"]}.png'
        score_map = location.pop('score_map')
        mmcv.imwrite((score_map * 255 + 0.5).astype('uint8'), folder / name)
    result.pop('score_map', None)  # there is none of an image of _nothing


def locate_video(args, inferencer):
    from mmspg.apis.video import VideoFile, annotate, frames_of

    frames, rate = frames_of(args.input)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    results, kept = [], []

    def remembered():
        for frame in frames:
            kept.append(frame)
            yield frame

    with VideoFile(out / f'{Path(args.input).stem}.mp4', rate) as video:
        for result in inferencer.stream(
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
                item.pop('score_map', None)
            results.append(dict(result, time=len(results) / rate))
    return results


def main():
    args = parse_args()
    if not os.path.exists(args.input) and '://' not in args.input:
        sys.exit(f'locate.py: there is no file or folder {args.input}')

    given = Path(args.input)
    folder = given if given.is_dir() else given.parent
    if folder.resolve() == Path(args.out).resolve():
        sys.exit(
            f'locate.py: --out {args.out} is the folder of the images, and '
            'the pictures could overwrite them. Choose another folder'
        )

    # After the arguments, since these take seconds to import.
    from mmspg.apis import LocalizationInferencer
    from mmspg.apis.results import save_results

    with cli.errors_in_one_line(args):
        inferencer = LocalizationInferencer.from_arguments(args)
        is_video = args.input.lower().endswith(VIDEOS)
        locate = locate_video if is_video else locate_images
        results = locate(args, inferencer)
    save_results(results, Path(args.out) / 'results.json', args.coco)
    protocol = inferencer.protocol
    print(
        f'{len(results)} image{"s" * (len(results) != 1)} at threshold '
        f'{protocol.threshold:g} '
        f'({protocol.source}), rule {protocol.rule}: see {args.out}'
    )
    if inferencer.unreadable:
        for reason in inferencer.unreadable.values():
            print(f'left out: {reason}', file=sys.stderr)
        sys.exit(1)


if __name__ == '__main__':
    main()
