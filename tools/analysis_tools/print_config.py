"""Print a config in full, with all that it inherits.

python tools/analysis_tools/print_config.py CONFIG [--cfg-options KEY=VALUE]
"""

import argparse
import sys


def parse_args():
    parser = argparse.ArgumentParser(description='Print a config in full')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE'
    )
    return parser.parse_args()


def main():
    args = parse_args()
    from mmspg.utils.cfg import load_config, parse_options

    try:
        cfg = load_config(args.config)
        cfg.merge_from_dict(parse_options(args.cfg_options))
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f'print_config.py: {error}')
    print(cfg.pretty_text)


if __name__ == '__main__':
    main()
