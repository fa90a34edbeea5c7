"""Imports of programs that were written for earlier versions go on."""

from mmspg.datasets import formats, images
from mmspg.datasets.annotations import voc
from mmspg.datasets.images import reading


def test_names_of_earlier_versions():
    assert formats.read_voc_xml is voc.read_voc_xml
    assert images.read_image is reading.read_image
