"""All data sets and transforms. Importing this module registers them."""

from .base import LocDataset
from .cub_loc import CUBLoc
from .imagenet_loc import ImageNetLoc
from .images.packed import PackedImages
from .images.reading import UnreadableImageError, read_image
from .multi_label_loc import MultiLabelLoc
from .photo_folders import PhotoFolders
from .photographs.settings import fit_to_photographs
from .synthetic_loc import SyntheticLoc
from .transforms import *  # noqa: F401,F403
from .transforms import __all__ as _transforms
from .wsol_metadata import WSOLMetadata

__all__ = [
    'CUBLoc',
    'ImageNetLoc',
    'LocDataset',
    'MultiLabelLoc',
    'PackedImages',
    'PhotoFolders',
    'SyntheticLoc',
    'UnreadableImageError',
    'WSOLMetadata',
    'fit_to_photographs',
    'read_image',
    *_transforms,
]
