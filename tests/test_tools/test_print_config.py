"""The tool that prints a config."""

import subprocess
import sys

from mmspg.utils.carried_config import parse_config
from mmspg.utils.cfg import load_config


def test_a_config_in_full_without_torch(root):
    code = (
        'import runpy, sys\n'
        'sys.argv = ["x", "configs/spg_inceptionv3_cub.py", '
        '"--cfg-options", "train_cfg.max_epochs=7"]\n'
        'runpy.run_path("tools/analysis_tools/print_config.py", '
        'run_name="__main__")\n'
        'print("loaded =", sorted({"torch", "mmpretrain"} & set(sys.modules)))'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, cwd=root
    )
    printed = parse_config(done.stdout)
    assert printed.pop('loaded') == [], done.stderr
    expected = load_config(str(root / 'configs/spg_inceptionv3_cub.py'))
    expected.train_cfg.max_epochs = 7
    assert printed == expected.to_dict()


def test_a_config_of_broken_syntax_is_named_in_one_line(root, tmp_path):
    broken = tmp_path / 'broken.py'
    broken.write_text('model = dict(\n    type="A"\n\nx = 1\n')
    derived = tmp_path / 'derived.py'
    derived.write_text("_base_ = ['broken.py']\n")
    tool = root / 'tools/analysis_tools/print_config.py'
    for config in broken, derived:
        done = subprocess.run(
            [sys.executable, tool, config], capture_output=True, text=True
        )
        assert done.returncode == 1
        assert done.stderr.count('\n') == 1, done.stderr
        assert f"'{config}'" in done.stderr
        assert 'Line ' in done.stderr
