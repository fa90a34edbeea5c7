"""Hide-and-seek: what share is hidden, by what, and in which cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.config import Config

from mmspg.datasets.transforms import HideAndSeek, check_pipeline
from mmspg.registry import TRANSFORMS

FILL = (103.53, 116.28, 123.675)  # ImageNet's mean, B G R


def image(h=224, w=224, dtype=np.uint8):
    """An image without a pixel of the fill's colour."""
    img = np.random.default_rng(0).integers(0, 90, (h, w, 3))
    return img.astype(dtype)


def hide(seed, img, **kwargs):
    np.random.seed(seed)  # noqa: NPY002
    out = HideAndSeek(**kwargs)(dict(img=img, gt_label=1))['img']
    assert out.dtype == img.dtype
    assert out.shape == img.shape
    return out, (out != img).any(-1)


@given(
    seed=st.integers(0, 10**6),
    size=st.integers(1, 70),
    h=st.integers(1, 90),
    w=st.integers(1, 90),
)
@settings(max_examples=80, deadline=None)
def test_whole_cells_are_hidden_and_all_else_stays(seed, size, h, w):
    img = image(h, w)
    out, hidden = hide(seed, img, sizes=size)
    for y in range(0, h, size):
        for x in range(0, w, size):
            cell = hidden[y : y + size, x : x + size]
            assert cell.all() or not cell.any()
    assert (out[hidden] == np.round(FILL).astype(np.uint8)).all()
    assert (out[~hidden] == img[~hidden]).all()


@pytest.mark.parametrize('prob', [0.2, 0.5])
@pytest.mark.parametrize('size', [16, 32, 44, 56])
def test_the_share_hidden_is_the_probability(prob, size):
    shares = [
        hide(seed, image(), sizes=size, prob=prob)[1].mean()
        for seed in range(40)
    ]
    cells = (-(-224 // size)) ** 2
    sigma = (prob * (1 - prob) / cells / 40) ** 0.5
    # Cut cells at the border make it a little wider than the binomial.
    assert abs(np.mean(shares) - prob) < 5 * sigma
    assert len(set(shares)) > 1


def test_extremes():
    assert not hide(0, image(), prob=0)[1].any()
    assert hide(0, image(), prob=1)[1].all()


def test_the_fill_is_the_mean():
    out, hidden = hide(0, image(dtype=np.float32), prob=1)
    np.testing.assert_allclose(out[0, 0], FILL, rtol=1e-6)
    out, hidden = hide(0, image(), prob=1, fill=(1, 2, 3))
    assert (out == [1, 2, 3]).all()


def test_an_image_of_the_mean_is_zero_for_the_network(root):
    path = root / 'configs/_base_/datasets/imagenet_loc_224.py'
    norm = Config.fromfile(path).data_preprocessor
    assert norm.to_rgb
    np.testing.assert_allclose(FILL[::-1], norm.mean)


def test_mixed_sizes_are_drawn_evenly():
    sizes = (None, 16, 32, 44, 56)
    count = dict.fromkeys(sizes, 0)
    for seed in range(500):
        _, hidden = hide(seed, image(112, 112), sizes=sizes)
        if not hidden.any():
            count[None] += 1
            continue
        for size in sizes[:0:-1]:
            cells = hidden[::size, ::size]
            if (
                np.kron(cells, np.ones((size, size), bool))[:112, :112]
                == hidden
            ).all():
                count[size] += 1
                break
    # A fully hidden image counts as 56, an empty one as None: both rare.
    for size in sizes:
        assert 60 < count[size] < 140, count


def test_seeds_decide():
    first, second = (hide(7, image())[0] for _ in range(2))
    assert (first == second).all()
    assert (hide(8, image())[0] != first).any()


def test_boxes_stay_right_so_a_pipeline_may_have_it():
    check_pipeline(
        [
            TRANSFORMS.build(dict(type=f'mmspg.{name}'))
            for name in ('LoadLocImage', 'HideAndSeek', 'PackLocInputs')
        ]
    )


def test_no_config_hides_at_test(root):
    files = [p for p in (root / 'configs').rglob('*.py') if 'has' in p.name]
    assert files
    for path in files:
        cfg = Config.fromfile(path)
        train, val, test = (
            'HideAndSeek' in str(cfg[f'{name}_dataloader'])
            for name in ('train', 'val', 'test')
        )
        assert (train, val, test) == (True, False, False), path
        assert 'HideAndSeek' not in str(cfg.test_pipeline)


@pytest.mark.parametrize(
    'kwargs, match',
    [
        (dict(sizes=0), 'sizes'),
        (dict(sizes=(16, -1)), 'sizes'),
        (dict(sizes=()), 'sizes'),
        (dict(prob=1.5), 'prob'),
    ],
)
def test_bad_options(kwargs, match):
    with pytest.raises(ValueError, match=f'HideAndSeek: {match}'):
        HideAndSeek(**kwargs)
