"""Photographs that are decoded and resized once, for all runs of a study."""

import hashlib
import os
import pickle
from pathlib import Path

from mmcv.transforms import BaseTransform, Compose

from mmspg.registry import TRANSFORMS

STEPS = 2  # LoadLocImage and LocResize, which draw nothing at random


def keep(cfg, folder):
    """Let the data sets of a config take resized photographs from a folder.

    Args:
        cfg (Config): Of a run; changed in place.
        folder (Path): Where they are kept, a file for each image and size.
    """
    cfg.custom_imports = dict(
        imports=[*cfg.get('custom_imports', {}).get('imports', ()), __name__]
    )
    sets = [cfg.train_dataloader.dataset, *cfg.measured.values()]
    for data_set in sets:
        steps = data_set.pipeline
        data_set.pipeline = [
            dict(
                type='mmspg.KeptImage',
                folder=str(folder),
                steps=steps[:STEPS],
            ),
            *steps[STEPS:],
        ]


@TRANSFORMS.register_module()
class KeptImage(BaseTransform):
    """Gives what its steps gave for the same image before."""

    keeps_geometry = True  # its steps move the boxes

    def __init__(self, folder, steps):
        self.steps = Compose(steps)
        self.folder = Path(folder)
        self.name = hashlib.sha1(repr(steps).encode()).hexdigest()[:8]

    def transform(self, results):
        """The image and all that the steps say of it."""
        path = results['img_path']
        name = hashlib.sha1(str(path).encode()).hexdigest()
        file = self.folder / self.name / name
        if file.is_file():
            return pickle.loads(file.read_bytes())
        results = self.steps(results)
        file.parent.mkdir(parents=True, exist_ok=True)
        own = file.with_name(f'{name}.{os.getpid()}')
        own.write_bytes(pickle.dumps(results))
        own.replace(file)
        return results
