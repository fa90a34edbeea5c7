"""The embedded data set, which draws its images and needs no download."""

from mmspg.registry import DATASETS

from .base import LocDataset
from .images.synthetic_drawing import (
    MAX_CLASSES,
    SPLITS,
    address,
    box_of,
    draw_from_address,
    draw_mask,
)

# Each species has its own hue, and the hues are evenly spaced.
NAMES = 'fish with mark {} of {}'


@DATASETS.register_module()
class SyntheticLoc(LocDataset):
    """Drawn fish whose species differ only in a small mark.

    Boxes and masks are exact. Image i is a pure function of
    (seed, split, i), which :mod:`mmspg.datasets.images.synthetic_drawing`
    explains. Its ``img_path`` is an address that :class:`LoadLocImage` and
    :func:`mmspg.datasets.read_image` draw.

    Args:
        split (str): 'train', 'val' or 'test'.
        num_images (int): Number of images of the split. The classes take
            turns.
        num_classes (int): 2 to 12. Defaults to 4.
        side (int): Side of the images in pixels, 16 or more. Defaults to 64.
        seed (int): Another seed gives another data set. Defaults to 0.
        **kwargs: See :class:`LocDataset`; ``data_root`` is ignored.
    """

    SPLITS = SPLITS

    def __init__(
        self,
        split: str = 'train',
        num_images: int = 2000,
        num_classes: int = 4,
        side: int = 64,
        seed: int = 0,
        **kwargs,
    ):
        for name, value, low, high in (
            ('num_images', num_images, 1, 10**7),
            ('num_classes', num_classes, 2, MAX_CLASSES),
            ('side', side, 16, 4096),
            ('seed', seed, 0, 2**63),
        ):
            if not low <= value <= high:
                raise ValueError(
                    f'SyntheticLoc: {name} must be {low} to '
                    f'{high}, got {value}.'
                )
        self.num_images = num_images
        self.num_classes = num_classes
        self.side = side
        self.seed = seed
        super().__init__(split=split, **kwargs)

    def load_samples(self) -> list[dict]:
        """Draw the masks, which give the boxes; images are drawn later."""
        k, side = self.num_classes, self.side
        self.set_classes([NAMES.format(i + 1, k) for i in range(k)])
        return [
            dict(
                img_path=address(self.seed, self.split, i, side, k),
                img_id=f'{self.split}/{i:06d}',
                gt_label=i % k,
                ann_size=(side, side),
                ann_source=[f'SyntheticLoc {self.split} {i}'],
                ori_gt_bboxes=box_of(
                    draw_mask(self.seed, self.split, i, side)
                ),
            )
            for i in range(self.num_images)
        ]

    def get_mask(self, idx: int):
        """Give the mask of the fish in an image, ``(side, side)`` bool."""
        return draw_from_address(self.get_data_info(idx)['img_path']).mask
