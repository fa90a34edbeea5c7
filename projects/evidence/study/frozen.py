"""Train what stands on a frozen trunk, from maps that are computed once.

A step costs a fifth. Settings can so be compared over seeds in minutes of a
core, before the whole network is trained with what they taught.
"""

from copy import deepcopy
from pathlib import Path

import torch
from torch.utils.data import Dataset

from mmspg.models.backbones import AnyTrunk
from mmspg.models.preprocessors import ChannelsLastPreprocessor
from mmspg.registry import DATASETS, MODELS


def freeze(cfg, file, variants=3):
    """Let a config train neck and head on stored maps of its trunk.

    Args:
        cfg (Config): Of a network and its data; changed in place.
        file (Path): Where the maps are kept, for all runs on the same data.
        variants (int): How many crops of each image are stored; a step
            draws one.
    """
    # Its import registers what is named below.
    cfg.custom_imports = dict(imports=["study.frozen", "study.candidates"])
    cfg.train_dataloader.dataset = dict(
        type='mmspg.StoredMaps',
        images=cfg.train_dataloader.dataset,
        network=deepcopy(cfg.model.to_dict()),
        file=str(file),
        variants=variants,
    )
    cfg.model.backbone.type = 'mmspg.FrozenTrunk'
    cfg.model.data_preprocessor.type = 'mmspg.MapsOrImages'


@DATASETS.register_module()
class StoredMaps(Dataset):
    """The trunk's maps of a data set's images, in half precision."""

    def __init__(self, images, network, file, variants):
        images = DATASETS.build(images)
        self.metainfo = images.metainfo
        self.samples = [images[i]['data_samples'] for i in range(len(images))]
        if not Path(file).is_file():
            torch.manual_seed(0)
            maps = [store(images, network) for _ in range(variants)]
            torch.save(maps, f'{file}.part')
            Path(f'{file}.part').rename(file)
        self.maps = torch.load(file, mmap=True)

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        maps = self.maps[int(torch.randint(len(self.maps), ()))]
        return dict(
            inputs=tuple(level[index] for level in maps),
            data_samples=self.samples[index],
        )


@torch.inference_mode()
def store(images, network):
    """Maps of all images, one tensor for each of the trunk's levels."""
    trunk = MODELS.build(network['backbone'])
    trunk.init_weights()
    trunk.eval()
    prepare = MODELS.build(network['data_preprocessor'])
    found = [
        trunk(prepare(dict(inputs=[images[i]['inputs']]))['inputs'])
        for i in range(len(images))
    ]
    return [torch.cat(level).half() for level in zip(*found, strict=True)]


@MODELS.register_module()
class FrozenTrunk(AnyTrunk):
    """A trunk that does not learn, and lets its own maps through."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.requires_grad_(False)

    def forward(self, x):
        """The maps of images, or the maps."""
        return super().forward(x) if isinstance(x, torch.Tensor) else x

    def train(self, mode=True):
        """Stay as in evaluation."""
        return super().train(False)


@MODELS.register_module()
class MapsOrImages(ChannelsLastPreprocessor):
    """Lets batches of stored maps through, and treats images as ever."""

    def forward(self, data, training=False):
        """Of a batch of either."""
        if data['inputs'][0].ndim == 3:
            return super().forward(data, training)
        maps = tuple(level.float() for level in data['inputs'])
        return dict(inputs=maps, data_samples=data['data_samples'])
