"""Record what the figures of a test were measured with."""

import hashlib
import json
import math
import platform
import sys
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import master_only
from mmengine.logging import print_log

from mmspg.version import __version__

from .atomic import write_atomically
from .dependencies import REQUIREMENTS, find_distributions

__all__ = ['run_report', 'sha256_of', 'write_run_report']

NAME = 'test_report.json'
OTHERS = ('torch', 'torchvision', 'numpy', 'pillow')
# The wheels of OpenCV that bring the module cv2.
OPENCV = (
    'opencv-python',
    'opencv-python-headless',
    'opencv-contrib-python',
    'opencv-contrib-python-headless',
)


def sha256_of(path: str) -> str | None:
    """Hash a file. Give None for an address."""
    if not Path(path).is_file():
        return None
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """List the versions of all packages that a figure may depend on."""
    found = dict(mmspg=__version__, python=platform.python_version())
    for names, _, _ in REQUIREMENTS.values():
        found.update(find_distributions(names))
    found.update(find_distributions(OPENCV))
    for name in OTHERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = 'unknown'
    return found


def run_report(cfg: Config, checkpoint: str, metrics: dict) -> dict:
    """Gather config, checkpoint, versions, thresholds and figures.

    Args:
        cfg (Config): The config of the run, with the changes of the command
            line.
        checkpoint (str): Path or address of the checkpoint.
        metrics (dict): What the test returned.

    Returns:
        dict: Values for JSON. ``thresholds`` has every entry of the metrics
        that names a threshold or a protocol.
    """
    metrics = _plain(metrics)
    return dict(
        date=datetime.now(timezone.utc).isoformat(timespec='seconds'),
        command=sys.argv,
        checkpoint=dict(path=checkpoint, sha256=sha256_of(checkpoint)),
        versions=versions(),
        platform=platform.platform(),
        thresholds={
            key: value
            for key, value in metrics.items()
            if 'threshold' in key or key.endswith('protocol')
        },
        metrics=metrics,
        config=cfg.pretty_text,
    )


def _plain(value):
    """Turn what metrics return into what strict JSON can hold."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, 'tolist'):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


@master_only
def write_run_report(runner, checkpoint: str, metrics: dict) -> None:
    """Write the report beside the metrics that MMEngine writes.

    Args:
        runner (Runner): The runner that has tested.
        checkpoint (str): Path or address of the checkpoint.
        metrics (dict): What the test returned.
    """
    path = Path(runner.log_dir) / NAME
    report = run_report(runner.cfg, checkpoint, metrics)
    text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False)
    write_atomically(path, text.encode() + b'\n')
    print_log(
        f'config, checkpoint, versions and thresholds: {path}', 'current'
    )
