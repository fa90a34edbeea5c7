"""Grad-CAM, LayerCAM and BagCAMs against their formulas and a package."""

import cv2
import numpy as np
import pytest
import torch
from small_nets import build, images

from mmspg.models import bagcams, gradcam, layercam
from mmspg.models.attributions import build_attribution

LABELS = torch.tensor([[0, 3], [2, 2]])
METHODS = [gradcam, layercam, bagcams]


def by_hand(net, layer, image, label):
    """Features and gradient by a hook of one's own."""
    kept = []
    handle = net.get_submodule(layer).register_forward_hook(
        lambda module, inputs, output: kept.append(output)
    )
    score = net(image[None])[0, label]
    handle.remove()
    (gradient,) = torch.autograd.grad(score, kept[0])
    return kept[0][0].detach().numpy(), gradient[0].numpy()


def expected_gradcam(features, gradient):
    weights = gradient.mean(axis=(1, 2))
    return np.maximum(np.tensordot(weights, features, 1), 0)


def expected_layercam(features, gradient):
    return np.maximum((np.maximum(gradient, 0) * features).sum(0), 0)


def expected_bagcams(features, gradient):
    total = 0
    for f, g in zip(features, gradient, strict=True):
        weight = np.mean([1 + a * b for a, b in zip(f, g, strict=True)])
        total = total + np.maximum(weight * f * g, 0)
    return total


FORMULAS = [expected_gradcam, expected_layercam, expected_bagcams]


@pytest.mark.parametrize('layer', ['pool', 'relu'])
@pytest.mark.parametrize(
    'method, formula', list(zip(METHODS, FORMULAS, strict=True))
)
def test_formula(method, formula, layer):
    net, x = build(), images()
    with torch.no_grad():  # as MMEngine's loops run
        found = method(net, x, LABELS, layer)
    for i, labels in enumerate(LABELS):
        for k, label in enumerate(labels):
            expected = formula(*by_hand(net, layer, x[i], label))
            np.testing.assert_allclose(
                found[i, k].numpy(), expected, atol=1e-6
            )
    assert all(p.requires_grad for p in net.parameters())


def test_before_the_pooling_they_are_class_maps():
    """Grad-CAM is CAM without bias, LayerCAM that of positive weights."""
    net, x = build(), images()
    features, _ = by_hand(net, 'relu', x[0], 0)
    weight = net.fc.weight[3].detach().numpy()
    cells = features[0].size
    cam = np.tensordot(weight, features, 1) / cells
    found = gradcam(net, x, LABELS, 'relu')[0, 1]
    np.testing.assert_allclose(found, np.maximum(cam, 0), atol=1e-6)
    positive = np.tensordot(np.maximum(weight, 0), features, 1) / cells
    found = layercam(net, x, LABELS, 'relu')[0, 1]
    np.testing.assert_allclose(found, positive, atol=1e-6)


@pytest.mark.parametrize(
    'name, method', [('GradCAM', gradcam), ('LayerCAM', layercam)]
)
def test_the_package_agrees(name, method):
    package = pytest.importorskip(
        'pytorch_grad_cam', reason='pip install "mmspg[gradcam]"'
    )
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    net, x = build(), images()
    theirs = getattr(package, name)(net, [net.relu])
    for label in range(5):
        maps = theirs.forward(x, [ClassifierOutputTarget(label)] * len(x))
        labels = torch.full((len(x), 1), label)
        ours = method(net, x, labels, 'relu')[:, 0].numpy()
        for one, other in zip(ours, maps, strict=True):
            # The package scales to [0, 1] before and after it enlarges.
            enlarged = cv2.resize(scaled(one), other.shape[::-1])
            np.testing.assert_allclose(other, scaled(enlarged), atol=1e-4)


def scaled(score_map):
    return (score_map - score_map.min()) / (1e-7 + np.ptp(score_map))


@pytest.mark.parametrize('method', METHODS)
def test_a_layer_without_maps_is_refused(method):
    with pytest.raises(ValueError, match=r"'fc' .* gives \(2, 5\)"):
        method(build(), images(), LABELS, 'fc')
    with pytest.raises(ValueError, match='has no layer'):
        method(build(), images(), LABELS, 'conv9')


@pytest.mark.parametrize('method', METHODS)
def test_the_next_layer_may_work_in_place(method):
    net = build()
    found = method(net, images(), LABELS, 'conv2')
    net.relu.inplace = False
    assert torch.equal(found, method(net, images(), LABELS, 'conv2'))


def test_options_that_there_are_not():
    options = dict(name='backprop', layer='relu')
    with pytest.raises(ValueError, match="no option 'layer': it takes none"):
        build_attribution(build(), options)
    options = dict(name='excitation', layer='relu', deep=3)
    with pytest.raises(ValueError, match='takes only layer, contrastive'):
        build_attribution(build(), options)
    with pytest.raises(ValueError, match='layercam:LAYER .* conv1'):
        build_attribution(build(), dict(name='layercam'))
