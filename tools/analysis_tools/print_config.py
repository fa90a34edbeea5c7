"""Print a config with everything that it inherits.

python tools/analysis_tools/print_config.py CONFIG [--cfg-options KEY=VALUE]
"""

from mmspg.utils import command_line as cli


def parse_args():
    parser = cli.tool_parser(__doc__)
    cli.add_shared(parser, 'config', '--cfg-options')
    return cli.read_arguments(parser)


def main():
    args = parse_args()
    from mmspg.utils.cfg import load_config, merge_options

    with cli.errors_in_one_line(args):
        cfg = load_config(args.config)
        merge_options(cfg, args.cfg_options)
    print(cfg.pretty_text)


if __name__ == '__main__':
    main()
