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
