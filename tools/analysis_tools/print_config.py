"""Print a config in full, with all that it inherits.

python tools/analysis_tools/print_config.py CONFIG [--cfg-options KEY=VALUE]
"""

from mmspg.utils.command_line import (
    add_shared,
    errors_in_one_line,
    read_arguments,
    tool_parser,
)


def parse_args():
    parser = tool_parser(__doc__)
    parser.add_argument('config', help='config file')
    add_shared(parser, '--cfg-options')
    return read_arguments(parser)


def main():
    args = parse_args()
    from mmspg.utils.cfg import load_config, merge_options

    with errors_in_one_line(args):
        cfg = load_config(args.config)
        merge_options(cfg, args.cfg_options)
    print(cfg.pretty_text)


if __name__ == '__main__':
    main()
