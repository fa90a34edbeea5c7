"""Let mmpretrain's functions for models do right by ours."""

from contextlib import nullcontext
from functools import wraps
from inspect import signature
from typing import Any

from ..cfg import load_config, walk_dicts
from ..unpickling import only_weights

__all__ = ['extend_model_apis']

ISSUES = (
    # its mapping from a task to an inferencer is a local variable
    'https://github.com/open-mmlab/mmpretrain/blob/v1.2.0/mmpretrain/apis/'
    'model.py',
)
REMOVE_WHEN = (
    'a plugin can register the inferencer of a task (inference_model); '
    "OneDL's MMEngine asks before it unpickles in full (get_model)"
)


def extend_model_apis() -> None:
    """Give ``inference_model`` boxes, and ``get_model`` safe reading.

    Both are changed for models with parts of mmspg only. Call this when
    mmpretrain has been imported. Names that a program took from mmpretrain
    before it imported mmspg stay as they were.
    """
    import mmpretrain
    from mmpretrain.apis import base, model

    infer: Any = model.inference_model
    build: Any = model.get_model
    if hasattr(infer, '__wrapped__'):
        return

    @wraps(infer)
    def inference_model(model, *args, **kwargs):
        if not _is_ours(model):
            return infer(model, *args, **kwargs)
        from mmspg.apis import LocalizationInferencer

        names = signature(LocalizationInferencer).parameters
        own = {key: kwargs.pop(key) for key in list(kwargs) if key in names}
        return LocalizationInferencer(model, **own)(*args, **kwargs)[0]

    @wraps(build)
    def get_model(model, *args, **kwargs):
        with only_weights() if _is_ours(model) else nullcontext():
            return build(model, *args, **kwargs)

    for module in (mmpretrain, mmpretrain.apis, base, model):
        for name, old, new in (
            ('inference_model', infer, inference_model),
            ('get_model', build, get_model),
        ):
            if getattr(module, name, None) is old:
                setattr(module, name, new)


def _is_ours(model: Any) -> bool:
    """Whether a name, a config or a model has parts of mmspg."""
    from mmpretrain.apis import ModelHub

    if isinstance(model, str):
        if model.endswith('.py'):
            model = load_config(model)
        elif ModelHub.has(model):
            model = ModelHub.get(model).config
        else:
            return False
    cfg = getattr(model, '_config', model)
    part = cfg.get('model', cfg) if hasattr(cfg, 'get') else {}
    return any(
        str(node.get('type')).startswith('mmspg.') for node in walk_dicts(part)
    )
