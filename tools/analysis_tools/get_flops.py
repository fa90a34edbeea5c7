"""Count a model's parameters and operations.

python tools/analysis_tools/get_flops.py CONFIG [--shape 224 224]

It counts a prediction, which computes B and C only if the map is theirs, and
the forward pass of a training. Operations are multiply-adds per image.
"""

from mmspg.utils import command_line as cli


def parse_args():
    parser = cli.tool_parser(__doc__)
    parser.add_argument(
        '--shape',
        type=int,
        nargs='+',
        default=[224, 224],
        help='height and width of the input (default: 224 224)',
    )
    cli.add_shared(parser, 'config', '--cfg-options')
    args = cli.read_arguments(parser)
    if len(args.shape) > 2 or min(args.shape) < 1:
        parser.error('--shape takes one side, or height and width')
    args.shape = (args.shape * 2)[:2]
    return args


def count(module, shape):
    from mmengine.analysis import get_model_complexity_info

    counted = get_model_complexity_info(
        module, (3, *shape), show_table=False, show_arch=False
    )
    return counted['flops']


def main():
    args = parse_args()

    # After the arguments, since these take seconds to import.
    from mmpretrain import get_model
    from torch import nn

    from mmspg.utils.cfg import load_config, merge_options

    class Prediction(nn.Module):
        """Compute scores and the map of one class."""

        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, images):
            feats = self.model.extract_feat(images)
            scores = self.model.head(feats)
            if not hasattr(self.model.head, 'score_maps'):
                return scores
            labels = scores.argmax(dim=1, keepdim=True)
            return scores, self.model.head.score_maps(feats, labels)

    class Training(Prediction):
        """Compute scores and all side branches."""

        def forward(self, images):
            feats = self.model.extract_feat(images)
            scores = self.model.head(feats)
            sides = [feats.b1(), feats.b2()]
            return scores, sides + [feats.c()] * feats.neck.with_c

    with cli.errors_in_one_line(args):
        cfg = load_config(args.config)
        merge_options(cfg, args.cfg_options)
        model = get_model(cfg).eval()
        if hasattr(model, 'members'):
            raise ValueError(
                f'{args.config} is an ensemble: count the config of each '
                'member, and add the numbers'
            )
    parameters = sum(p.numel() for p in model.parameters())
    print(f'input         3 x {args.shape[0]} x {args.shape[1]}')
    print(f'parameters    {parameters:,}')
    print(f'prediction    {count(Prediction(model), args.shape):,}')
    if getattr(model.neck, 'with_b', False):
        print(f'training      {count(Training(model), args.shape):,}')


if __name__ == '__main__':
    main()
