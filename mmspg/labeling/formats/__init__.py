"""The formats of data sets with boxes that can be written.

The writers of other packages hold the whole set in memory, and none of them
keeps the splits or the scores of boxes.
"""

from .coco import write_coco
from .cvat import write_cvat
from .label_studio import write_label_studio
from .voc import write_voc
from .yolo import write_yolo

FORMATS = dict(
    coco=write_coco,
    yolo=write_yolo,
    voc=write_voc,
    labelstudio=write_label_studio,
    cvat=write_cvat,
)
