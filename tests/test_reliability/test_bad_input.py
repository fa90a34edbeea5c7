"""Files made to harm: bombs, and ways out of the root."""

import io
import struct
import tracemalloc
import zlib

import pytest
from PIL import Image

from mmspg.datasets import CUBLoc, ImageNetLoc, WSOLMetadata
from mmspg.datasets.annotations.formats import (
    MAX_SHOWN,
    read_solution_csv,
)
from mmspg.datasets.annotations.voc import MAX_BYTES, read_voc_xml
from mmspg.datasets.images.reading import UnreadableImageError, decode_copy
from mmspg.evaluation.metrics.class_predictions import ClassPredictions

# -- XML ---------------------------------------------------------------------

BILLION = b"""<?xml version="1.0"?>
<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
<annotation><filename>&d;</filename></annotation>"""
EXTERNAL = b"""<?xml version="1.0"?>
<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>
<annotation><filename>&b;</filename></annotation>"""
DTD = b"""<!DOCTYPE annotation SYSTEM "http://127.0.0.1:9/x.dtd">
<annotation/>"""


@pytest.mark.parametrize('content', [BILLION, EXTERNAL, DTD])
def test_no_entities(tmp_path, content):
    path = tmp_path / 'a.xml'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'a.xml:\d: a document type'):
        read_voc_xml(str(path))


@pytest.mark.parametrize(
    'content, told',
    [
        (b'<a>' * 10**5, 'nested more than'),
        (b'<annotation>' + b'<object/>' * 10**6, 'has more than'),
        (b'<annotation>' + b' ' * 10**7, 'has more than'),
    ],
)
def test_large_xml_takes_little_memory(tmp_path, content, told):
    path = tmp_path / 'a.xml'
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=told):
            read_voc_xml(str(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MAX_BYTES


def test_a_message_does_not_repeat_a_whole_file(tmp_path):
    path = tmp_path / 'LOC_val_solution.csv'
    path.write_text('a,' + 'n ' * 50_000)
    with pytest.raises(ValueError, match='expected') as error:
        read_solution_csv(str(path))
    assert len(str(error.value)) < MAX_SHOWN + 1000


# -- ways out of the data root -----------------------------------------------

OUT = ['../../etc/passwd', '/etc/passwd', 'a/../../b.jpg', '..\\b.jpg', '..']


@pytest.mark.parametrize('path', OUT)
def test_no_way_out_of_cub(tmp_path, path):
    files = {
        'images': f'1 {path}\n',
        'image_class_labels': '1 1\n',
        'train_test_split': '1 1\n',
        'bounding_boxes': '1 0 0 5 5\n',
        'classes': '1 a\n',
    }
    for name, text in files.items():
        (tmp_path / f'{name}.txt').write_text(text)
    with pytest.raises(ValueError, match=r'images.txt:1.*is not a path ins'):
        CUBLoc(str(tmp_path), 'train', pipeline=[])


@pytest.mark.parametrize('path', OUT)
@pytest.mark.parametrize('kind', ['image', 'mask', 'ignore'])
def test_no_way_out_of_metadata(tmp_path, path, kind):
    split = tmp_path / 'val'
    split.mkdir()
    image = path if kind == 'image' else 'a.jpg'
    (split / 'image_ids.txt').write_text(f'{image}\n')
    (split / 'class_labels.txt').write_text(f'{image},0\n')
    if kind != 'image':
        names = {'mask': f'{path},', 'ignore': f'm.png,{path}'}[kind]
        (split / 'localization.txt').write_text(f'{image},{names}\n')
    with pytest.raises(ValueError, match=r'.txt:1.*is not a path inside'):
        # Training does without masks; they are looked at in a test only.
        WSOLMetadata(
            'images',
            str(tmp_path),
            'val',
            pipeline=[],
            test_mode=kind != 'image',
        )


@pytest.mark.parametrize('path', ['../../etc/passwd 1', '/etc/passwd 1'])
def test_no_way_out_of_imagenet(tmp_path, path):
    (tmp_path / 'LOC_synset_mapping.txt').write_text('n01 tench\n')
    (tmp_path / 'Data/CLS-LOC/train').mkdir(parents=True)
    sets = tmp_path / 'ImageSets/CLS-LOC'
    sets.mkdir(parents=True)
    (sets / 'train_cls.txt').write_text(f'{path}\n')
    with pytest.raises(ValueError, match=r'train_cls.txt:1.*is not a path'):
        ImageNetLoc(str(tmp_path), 'train', pipeline=[])


# -- numbers that blow up ----------------------------------------------------


@pytest.mark.parametrize('label', ['999999999', '9' * 30, '-1', '1e3'])
def test_a_huge_label_makes_no_huge_list(tmp_path, label):
    split = tmp_path / 'train'
    split.mkdir()
    (split / 'image_ids.txt').write_text('a.jpg\n')
    (split / 'class_labels.txt').write_text(f'a.jpg,{label}\n')
    with pytest.raises(ValueError, match='class_labels.txt:1: expected'):
        WSOLMetadata('images', str(tmp_path), 'train', pipeline=[])


@pytest.mark.parametrize(
    'name, text, told',
    [
        ('p.csv', 'a.jpg,99999999999,1\n', 'line 1'),
        ('p.csv', 'a.jpg,-1,1\n', 'line 1'),
        ('p.csv', 'a.jpg,1,1e300\n', 'line 1'),
        ('p.csv', '"' + 'a' * 200_000 + '"', 'line 1'),
        ('p.json', '{"a.jpg": {"labels": [1.7], "scores": [1]}}', 'a.jpg'),
        ('p.json', '{"a.jpg": {"labels": [1], "scores": [null]}}', 'a.jpg'),
        ('p.json', '{"a.jpg": {"labels": [1], "scores": 5}}', 'a.jpg'),
        ('p.json', '[1, 2]', 'JSON object'),
        ('p.json', '[' * 100_000, 'not JSON'),
        ('p.json', '{"a.jpg": ', 'not JSON'),
        ('p.json', '9' * 5000, 'not JSON'),
        ('p.json', '{"a": 1, "a": 2}', 'more than once'),
    ],
)
def test_predictions_name_what_is_wrong(tmp_path, name, text, told):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ValueError, match=told) as error:
        ClassPredictions(path)
    assert str(path) in str(error.value)


# -- images ------------------------------------------------------------------


def png(width, height, data=b''):
    """A PNG that claims a size, with checksums that are right."""

    def chunk(name, body):
        check = zlib.crc32(name + body)
        size = struct.pack('>I', len(body))
        return size + name + body + struct.pack('>I', check)

    head = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    return (
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', head)
        + chunk(b'IDAT', zlib.compress(data))
        + chunk(b'IEND', b'')
    )


@pytest.mark.parametrize('side', [10_000, 65_000, 2**31 - 1])
def test_a_huge_header_takes_no_memory(side):
    decode_copy(png(2, 1, bytes(7)), 'x')  # what the first image imports
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableImageError, match='bomb.png'):
            decode_copy(png(side, side), 'bomb.png')
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20


def test_the_same_file_with_an_honest_header_is_read():
    assert decode_copy(png(2, 1, bytes(7)), 'x')[0].shape == (1, 2, 3)


def test_no_format_that_runs_a_program():
    """Pillow would hand EPS to Ghostscript."""
    file = io.BytesIO()
    Image.new('RGB', (4, 4)).save(file, 'EPS')
    with pytest.raises(UnreadableImageError, match='x.jpg'):
        decode_copy(file.getvalue(), 'x.jpg')


@pytest.mark.parametrize(
    'form',
    ['BMP', 'GIF', 'JPEG', 'JPEG2000', 'MPO', 'PNG', 'PPM', 'TIFF', 'WEBP'],
)
def test_formats_that_are_read(form):
    file = io.BytesIO()
    Image.new('RGB', (16, 8)).save(file, form)
    assert decode_copy(file.getvalue(), 'x')[0].shape == (8, 16, 3)
