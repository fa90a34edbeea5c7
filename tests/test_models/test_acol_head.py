"""ACoL: what is erased, what both classifiers learn, and the map."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample
from torch._subclasses.fake_tensor import FakeTensorMode

from mmspg.models.heads.acol_head import erase


@given(seed=st.integers(0, 10**6), threshold=st.floats(0.05, 1.0))
@settings(max_examples=60, deadline=None)
def test_erased_is_where_the_normalised_map_is_high(seed, threshold):
    generator = torch.Generator().manual_seed(seed)
    features = torch.rand(3, 4, 5, 6, generator=generator) + 1
    maps = 9 * torch.randn(3, 5, 6, generator=generator)
    maps[2] = 7.0  # a constant map is no evidence: nothing is erased
    out = erase(features, maps, threshold)
    for n in range(3):
        low, high = maps[n].min(), maps[n].max()
        for y in range(5):
            for x in range(6):
                norm = (maps[n, y, x] - low) / (high - low) if n < 2 else 0
                wanted = 0 if norm >= threshold else features[n, :, y, x]
                assert (out[n, :, y, x] == wanted).all()
    # Each image loses its peak, and keeps its lowest cell.
    for n in range(2):
        zero = (out[n] == 0).all(0).flatten()
        assert zero[maps[n].argmax()]
        assert not zero[maps[n].argmin()]


def test_erasing_passes_no_gradient_to_the_map():
    maps = torch.rand(1, 3, 3, requires_grad=True)
    features = torch.rand(1, 2, 3, 3, requires_grad=True)
    erase(features, maps, 0.6).sum().backward()
    assert maps.grad is None
    assert set(features.grad.unique().tolist()) == {0.0, 1.0}


def test_erasing_has_no_branch_on_the_data():
    with FakeTensorMode():
        out = erase(torch.empty(2, 3, 4, 4), torch.empty(2, 4, 4), 0.6)
        assert out.shape == (2, 3, 4, 4)


def build(**kwargs):
    torch.manual_seed(0)
    head = MODELS.build(
        dict(
            type='mmspg.ACoLHead',
            num_classes=7,
            in_channels=5,
            channels=(6, 8),
            **kwargs,
        )
    )
    head.init_weights()
    return head


def features(n=2):
    torch.manual_seed(1)
    return (torch.rand(n, 5, 6, 6),)


def samples(*labels):
    return [DataSample().set_gt_label(label) for label in labels]


def tails(head, x, label):
    """Both classifiers' maps ``(C, h, w)`` of one image, step by step."""
    a = head.classifier(head.branch_a(x))[0]
    norm = (a[label] - a[label].min()) / (a[label].max() - a[label].min())
    left = x * (norm < 0.6)  # the authors' value, the default
    return a, head.classifier_b(head.branch_b(left))[0]


def test_losses_are_the_cross_entropies_of_both():
    head, (x,), labels = build(), features(), [3, 4]
    losses = head.loss((x,), samples(*labels))
    a, b = zip(
        *(tails(head, x[n : n + 1], k) for n, k in enumerate(labels)),
        strict=True,
    )
    target = torch.tensor(labels)
    for name, maps in (('loss_cls', a), ('loss_cls_b', b)):
        scores = torch.stack(maps).mean(dim=(2, 3))
        wanted = F.cross_entropy(scores, target)
        torch.testing.assert_close(losses[name], wanted)
    sum(losses.values()).backward()
    assert all(p.grad is not None for p in head.parameters())


def test_map_is_the_larger_of_both_and_each_class_has_its_own_erasure():
    head, (x,) = build().eval(), features()
    found = head.predict((x,), samples(3, 4), labels=[6, 2])
    for n, sample in enumerate(found):
        assert sample.score_map_labels.tolist() == [6, 2, [3, 4][n]]
        for k, label in enumerate(sample.score_map_labels):
            both = [m[label] for m in tails(head, x[n : n + 1], label)]
            norm = [(m - m.min()) / (m.max() - m.min()) for m in both]
            torch.testing.assert_close(
                sample.score_map[k], torch.maximum(*norm)
            )


def test_class_is_a_s_and_nothing_is_erased_for_it():
    head, (x,) = build().eval(), features()
    wanted = head.classifier(head.branch_a(x)).mean(dim=(2, 3)).softmax(1)
    head.branch_b = None  # never asked for
    torch.testing.assert_close(head((x,)).softmax(1), wanted)


def test_soft_targets_are_refused():
    sample = DataSample().set_gt_label(1).set_gt_score(torch.ones(7) / 7)
    with pytest.raises(ValueError, match='augments'):
        build().loss(features(1), [sample])


@pytest.mark.parametrize('threshold', [0, -1, 1.5])
def test_threshold_out_of_range(threshold):
    with pytest.raises(ValueError, match='model.head.threshold'):
        build(threshold=threshold)
