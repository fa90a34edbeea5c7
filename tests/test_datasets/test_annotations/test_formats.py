import pytest
from data_trees import voc, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmspg.datasets.annotations.formats import (
    Box,
    agree,
    read_blacklist,
    read_solution_csv,
    read_table,
)
from mmspg.datasets.annotations.paths import inside
from mmspg.datasets.annotations.voc import (
    VOCImage,
    annotated,
    read_voc_xml,
    voc_origin,
)


@pytest.fixture
def xml(tmp_path):
    return lambda text: str(write(tmp_path / 'a.xml', text))


def test_voc(xml):
    image = read_voc_xml(
        xml(voc((500, 375), ('n01', 1, 2, 30, 40), ('n01', 5, 6, 7, 8)))
    )
    assert image.size == (500, 375)
    assert image.names == ['n01', 'n01']
    assert [b.xyxy for b in image.boxes] == [(1, 2, 30, 40), (5, 6, 7, 8)]
    assert image.boxes[0].source.endswith('a.xml:12')  # its <ymax>


BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>\n'
    '<annotation>&b;</annotation>'
)
EXTERNAL = (
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    '<annotation>&e;</annotation>'
)


@pytest.mark.parametrize(
    'text, message',
    [
        ('', 'a.xml:1: malformed XML: no element'),
        ('<annotation>\n<size>', 'a.xml:2: malformed XML'),
        ('\x00\x01', 'malformed XML'),
        ('<?xml version="1.0" encoding="x"?><a/>', 'expected <size/width>'),
        (BOMB, 'a.xml:2: a document type .* not allowed'),
        (EXTERNAL, 'a.xml:1: a document type .* not allowed'),
        ('<annotation/>', 'a.xml:1: expected <size/width>'),
        (
            voc((500, 375), ('n01', 'one', 2, 3, 4)),
            'a.xml:9: expected <xmin>, a number, got',
        ),
        (
            voc((500, 375), ('n01', 'nan', 2, 3, 4)),
            'a.xml:9: expected <xmin>, a number',
        ),
        (
            voc((0, 375)),
            r'a.xml:3: expected the width in pixels .*integer, 1 to',
        ),
        (
            voc((5, 5), ('n01', 1, 2, 3, 4)).replace('ymax', 'y_max'),
            'a.xml:6: expected <bndbox/ymax> inside <object>',
        ),
        ('<a>' * 100, 'nested more than 32 deep'),
        (voc((5, 5)) + ' ' * 2**20, 'a.xml: the file has more than'),
    ],
)
def test_bad_xml(xml, text, message):
    with pytest.raises(ValueError, match=message):
        read_voc_xml(xml(text))


@pytest.mark.parametrize(
    'declared, encoding, name',
    [
        ('ISO-8859-1', 'latin-1', 'canapé'),
        ('windows-1252', 'cp1252', 'canapé – €'),
        ('GBK', 'gbk', '猫'),
        ('gb2312', 'gbk', '鎔'),  # a character that GB 2312 has not
        ('Shift_JIS', 'shift_jis', '猫'),
        ('UTF-8', 'utf-8', '猫'),
        ('UTF-8', 'utf-8-sig', '猫'),
        ('utf-16', 'utf-16', '猫'),
        ('utf-16', 'utf-8', '猫'),  # .NET writes this
        ('unheard-of', 'utf-8', '猫'),
    ],
)
def test_declared_encodings(tmp_path, declared, encoding, name):
    path = tmp_path / 'a.xml'
    text = f'<?xml version="1.0" encoding="{declared}"?>\n'
    text += voc((9, 9), (name, 1, 2, 3, 4))
    path.write_bytes(text.encode(encoding))
    assert read_voc_xml(str(path)).names == [name]


@pytest.mark.parametrize('declared', ['UTF-8', 'GBK', 'unheard-of'])
def test_bytes_of_no_encoding_are_refused(tmp_path, declared):
    path = tmp_path / 'a.xml'
    text = f'<?xml version="1.0" encoding="{declared}"?>\n'
    path.write_bytes(text.encode() + b'<a>\xff\xfe\xff</a>')
    with pytest.raises(ValueError, match=f'a.xml:2: .*declares {declared}'):
        read_voc_xml(str(path))


@pytest.mark.parametrize('name', ['', 'a\nb', 'a\u2028b'])
def test_names_that_a_line_cannot_hold(xml, name):
    with pytest.raises(ValueError, match='a.xml:7: .*class'):
        read_voc_xml(xml(voc((9, 9), (name, 1, 2, 3, 4))))


@pytest.mark.parametrize(
    'corner, database, origin',
    [(1, '', 1), (0, '', 0), (1, 'ILSVRC_2012', 0), (1, 'The VOC2007', 1)],
)
def test_whether_pixels_count_from_0_or_1(xml, corner, database, origin):
    text = voc((9, 9), ('cat', corner, 1, 9, 9))
    source = f'<source><database>{database}</database></source></annotation>'
    image = read_voc_xml(xml(text.replace('</annotation>', source)))
    found, why = voc_origin([image])
    assert found == origin
    assert f'from {origin}' in why


def test_most_boxes_in_shares_are_refused():
    image = VOCImage(None, ['cat'], [Box((0.1, 0.2, 0.5, 0.9), 'a.xml:12')])
    with pytest.raises(ValueError, match=r'in shares .*a\.xml:12'):
        voc_origin([image])


@pytest.mark.parametrize('origin', [0, 1])
def test_corners_become_continuous(origin):
    """The first two pixels of a row, whatever the first one is called."""
    box = Box((origin, origin + 2, origin + 1, origin + 2), 'a.xml:12')
    image = annotated('a.jpg', VOCImage((5, 6), ['cat'], [box]), origin)
    assert image.objects == [('cat', Box((0, 2, 2, 3), 'a.xml:12'))]


VALID = voc((500, 375), ('n01', 1, 2, 30, 40))


@given(
    st.integers(0, len(VALID)),
    st.integers(0, 20),
    st.binary(max_size=12),
)
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_damaged_xml_is_read_or_refused_by_name(tmp_path, at, cut, put):
    path = tmp_path / 'damaged.xml'
    content = VALID.encode()
    path.write_bytes(content[:at] + put + content[at + cut :])
    image = message = None
    try:
        image = read_voc_xml(str(path))
    except ValueError as e:
        message = str(e)
    if image is None:
        assert 'damaged.xml:' in message
    else:
        assert min(image.size) >= 1
        assert len(image.names) == len(image.boxes)


def test_solution_csv(tmp_path):
    path = write(
        tmp_path / 'LOC_val_solution.csv',
        'ImageId,PredictionString\n'
        'val_1,n01 1 2 3 4 n01 5 6 7 8 \nval_2,n02 0 0 9 9 \n',
    )
    table = read_solution_csv(str(path))
    assert table['val_1'][0] == ['n01', 'n01']
    assert [b.xyxy for b in table['val_1'][1]] == [(1, 2, 3, 4), (5, 6, 7, 8)]
    assert table['val_2'][1][0].source == f'{path}:3'


@pytest.mark.parametrize(
    'line, message',
    [
        ('val_1', 'expected'),
        ('val_1,', 'expected'),
        ('val_1,n01 1 2 3', 'expected'),
        ('val_1,n01 1 2 3 x', 'expected'),
        ('val_1,n01 1 2 3 4,n02', 'expected'),
        ('val_0,n01 1 2 3 4', "an earlier line also has the image 'val_0'"),
    ],
)
def test_bad_solution_csv(tmp_path, line, message):
    path = write(tmp_path / 's.csv', f'val_0,n01 1 2 3 4\n{line}\n')
    with pytest.raises(ValueError, match=f's.csv:2: .*{message}'):
        read_solution_csv(str(path))


def test_table_keeps_lines_and_refuses_double_keys(tmp_path):
    path = write(tmp_path / 't.txt', '1 a b\n\n2 c\n')
    table = read_table(str(path), 2, 'two')
    assert table == {
        '1': (f'{path}:1', ['a b']),
        '2': (f'{path}:3', ['c']),
    }
    write(path, '1 a\n2 b\n1 c\n')
    with pytest.raises(ValueError, match="t.txt:3: '1' was given before"):
        read_table(str(path), 2, 'two')


def test_comma_in_a_path(tmp_path):
    path = write(tmp_path / 't.txt', 'a,b.jpg,3\n')
    assert list(read_table(str(path), 2, 'two', ',')) == ['a,b.jpg']


def test_text_that_is_no_text(tmp_path):
    path = tmp_path / 't.txt'
    path.write_bytes(b'1 a\n2 \xff\xfe\n')
    with pytest.raises(ValueError, match='t.txt:.*UTF-8'):
        read_table(str(path), 2, 'two')


def test_blacklist(tmp_path):
    path = write(tmp_path / 'b.txt', '36\n50\n')
    assert read_blacklist(str(path)) == [36, 50]
    write(path, '36\n-1\n')
    with pytest.raises(ValueError, match='b.txt:2: .*number of a validation'):
        read_blacklist(str(path))


def test_disagreement_lists_the_first_few():
    agree(['a', 'b'], 'images.txt', ['b', 'a'], 'boxes.txt')
    with pytest.raises(ValueError, match='images.txt and boxes.txt') as e:
        agree('abcdef', 'images.txt', 'a', 'boxes.txt')
    assert (
        '5 images of images.txt are not in boxes.txt, for example '
        "['b', 'c', 'd']" in str(e.value)
    )
    with pytest.raises(ValueError, match='1 images of boxes.txt are not in'):
        agree('a', 'images.txt', 'ab', 'boxes.txt')


@pytest.mark.parametrize(
    'path', ['/etc/passwd', '../x', 'a/../../x', '', 'a\\..\\x', 'a\0b']
)
def test_paths_stay_inside(path):
    with pytest.raises(ValueError, match='list.txt:3: .* not a path inside'):
        inside('/data', path, 'list.txt:3')


def test_good_paths_are_joined():
    assert inside('/data', 'a/b..c.jpg', 'f:1') == '/data/a/b..c.jpg'
