"""Read the config that a checkpoint carries, without running it."""

import ast
import math
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry

from .cfg import SIZES, input_side, scale_input, walk_dicts
from .warn import warn

__all__ = [
    'META_KEY',
    'carried_config',
    'carried_settings',
    'compare_preprocessing',
    'follow_checkpoint',
    'parse_config',
]

META_KEY = 'localization'  # in a checkpoint's meta: what its boxes need

PARTS = [
    'model',
    *(
        f'{split}_{part}'
        for split in ('train', 'val', 'test')
        for part in ('dataloader', 'evaluator')
    ),
]
CONSTANTS = dict(inf=math.inf, nan=math.nan)


def parse_config(text: str) -> dict:
    """Read what ``Config.pretty_text`` wrote: names and literals only.

    A config is Python code, and MMEngine runs it. A config in a checkpoint
    may come from anybody, so it is parsed and never run.

    Args:
        text (str): Lines ``name = literal``. ``dict(key=literal)`` counts as
            a literal.

    Returns:
        dict: The values by name.

    Raises:
        ValueError: The text has something else.
    """
    try:
        found = {}
        for statement in ast.parse(text).body:
            if not isinstance(statement, ast.Assign):
                raise ValueError(f'line {statement.lineno} assigns nothing')
            for target in statement.targets:
                found[target.id] = _value(statement.value)  # type: ignore
        return found
    except (SyntaxError, AttributeError, RecursionError, MemoryError) as error:
        raise ValueError(f'it is not a plain config ({error})') from None


def _value(node: ast.AST) -> Any:
    if isinstance(node, ast.Call):
        if getattr(node.func, 'id', None) != 'dict':
            raise ValueError(f'line {node.lineno} calls a function')
        found: dict = {}
        for argument in node.args:  # dict({'a.b': 1})
            found.update(_value(argument))
        for keyword in node.keywords:
            value = _value(keyword.value)
            found.update(
                value if keyword.arg is None else {keyword.arg: value}
            )
        return found
    if isinstance(node, ast.Dict):
        if None in node.keys:
            raise ValueError(f'line {node.lineno} is not a plain value')
        return {
            _value(key): _value(value)  # type: ignore[arg-type]
            for key, value in zip(node.keys, node.values, strict=True)
        }
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        kind = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
        return kind(_value(item) for item in node.elts)
    if isinstance(node, ast.Name) and node.id in CONSTANTS:
        return CONSTANTS[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    return ast.literal_eval(node)


def carried_config(checkpoint: dict, path: str) -> Config:
    """Give the config that a checkpoint was trained with.

    Args:
        checkpoint (dict): The content of the file.
        path (str): Name of the file, for messages.

    Returns:
        Config: The config of the run, with the changes of its command line.

    Raises:
        ValueError: The checkpoint carries no config, or one that has more
            than plain values and registered types. The message says to give
            the config.
    """
    way_out = f'Give the config as well: CONFIG {path}'
    text = (checkpoint.get('meta') or {}).get('cfg')
    if not isinstance(text, str):
        raise ValueError(
            f"'{path}' carries no config: another program made it, or only "
            f'its weights were kept. {way_out}'
        )
    try:
        found = parse_config(text)
        _check_parts(found)
        _check_types(found)
    except ValueError as error:
        raise ValueError(
            f"the config that '{path}' carries is refused: {error}. {way_out}"
        ) from None
    return Config(found)


def _check_parts(cfg: dict) -> None:
    """Refuse parts and sizes that are not of the types that are read."""
    for key in PARTS:
        kinds = (list, tuple, dict) if 'evaluator' in key else (dict,)
        if cfg.get(key) is not None and not isinstance(cfg[key], kinds):
            raise ValueError(f'{key} is {str(cfg[key])[:50]!r}')
    model = cfg.get('model') or {}
    for key in ('head', 'module', 'attribution', 'data_preprocessor'):
        if model.get(key) is not None and not isinstance(model[key], dict):
            raise ValueError(f'model.{key} is {str(model[key])[:50]!r}')
    for node in walk_dicts(cfg):
        for key in SIZES:
            given = node.get(key, 1)
            sides = given if isinstance(given, list | tuple) else (given,)
            if not sides or not all(
                type(side) in (int, float) and 0 < side < math.inf
                for side in sides
            ):
                raise ValueError(f'{key} is {str(given)[:50]!r}')


def _check_types(cfg: dict) -> None:
    """Refuse types that are not registered, which MMEngine would import."""
    import mmengine.registry
    import mmpretrain.registry

    import mmspg.registry  # noqa: F401  children of the others
    from mmspg.evaluation.functional.image_steps import IMAGE_STEPS
    from mmspg.evaluation.functional.steps import STEPS

    registries = [
        node
        for module in (mmengine.registry, mmpretrain.registry)
        for node in vars(module).values()
        if isinstance(node, Registry)
    ]
    names = {'Identity', *STEPS, *IMAGE_STEPS}  # of score_map_steps, too
    while registries:
        registry = registries.pop()
        registry.import_from_location()
        names.update(registry.module_dict)
        registries.extend(registry.children.values())
    scopes = {'mmspg', 'mmpretrain', 'mmcv', 'mmengine'}
    for node in walk_dicts(cfg):
        kind = node.get('type', 'Identity')
        if str(kind).startswith('timm/'):  # a name that timm resolves
            continue
        *scope, name = str(kind).split('.')
        if name not in names or not scopes.issuperset(scope):
            raise ValueError(f'type {kind!r} is not known here')


def follow_checkpoint(cfg: Config, checkpoint: dict) -> None:
    """Give a config the input size and the map source of a checkpoint.

    Args:
        cfg (Config): Changed in place.
        checkpoint (dict): The content of the file. Nothing changes if it does
            not name them, or if the config has the same.
    """
    trained = _trained_side(checkpoint)
    here = input_side(cfg.get('test_dataloader') or cfg.get('val_dataloader'))
    if trained and here and trained != here:
        scale_input(cfg, trained / here)
        _tell(f'input size {trained}', here, f'--input-size {here}')
    carried = carried_settings(checkpoint)
    if 'score_map_steps' in carried:
        _follow_steps(cfg, carried['score_map_steps'])
    model = cfg.get('model') or {}
    if carried.get('views') != model.get('score_map_views'):
        _follow_views(model, carried)
    head = model.get('head')
    source = str(carried.get('map_source', ''))
    named = source.replace('*', '').isidentifier()
    if not head or 'attribution' in model or not named:
        return  # the maps are not the head's
    here = head.get('score_map_source', 'attention')
    if here != source:
        head['score_map_source'] = source
        option = f'--cfg-options model.head.score_map_source={here}'
        _tell(f'map {source!r}', here, option)


def compare_preprocessing(cfg: Config, checkpoint: dict) -> None:
    """Warn if a test normalises images in another way than the training.

    Args:
        cfg (Config): The config of the test.
        checkpoint (dict): The content of the file.
    """
    trained = _normalisation(_trained_config(checkpoint))
    here = _normalisation(cfg)
    other = [key for key in trained if trained[key] != here.get(key)]
    if not here or not other:
        return
    place = 'data_preprocessor'
    if place in _inner_model(cfg):
        place = f'model.{place}'
    options = ' '.join(f"'{place}.{key}={trained[key]}'" for key in other)
    warn(
        f'Images are normalised with {_listed(here, other)}, but in the '
        f'training it was {_listed(trained, other)}. Classes, boxes and a '
        'stored threshold may be wrong. To use the values of the training, '
        f'give --cfg-options {options}.'
    )


def _listed(values: dict, keys: list) -> str:
    return ', '.join(f'{key}={values[key]}' for key in keys)


def _inner_model(cfg) -> dict:
    """Give the model of a config without the wrapper of a TTA."""
    model = cfg.get('model')
    model = model if isinstance(model, dict) else {}
    return model.get('module') or model


def _normalisation(cfg) -> dict[str, Any]:
    """Give mean, std and to_rgb of a config; {} if it does not say."""
    place = 'data_preprocessor'
    found = _inner_model(cfg).get(place) or cfg.get(place)
    if not found:
        return {}
    values = {key: found.get(key) or None for key in ('mean', 'std', 'to_rgb')}
    return {k: list(v) if type(v) is tuple else v for k, v in values.items()}


def _follow_views(model: dict, carried: dict) -> None:
    if 'views' not in carried:
        return
    here = model.get('score_map_views')
    model['score_map_views'] = carried['views']
    if model['type'] == 'ImageClassifier':
        model['type'] = 'mmspg.ViewsClassifier'
    option = f'--cfg-options model.score_map_views="{here}"'
    _tell(f'setting score_map_views={carried["views"]}', here, option)


def _follow_steps(cfg: Config, steps: list) -> None:
    evaluators = [cfg.get('test_evaluator'), cfg.get('val_evaluator')]
    for node in walk_dicts([part for part in evaluators if part]):
        kinds = ('LocalizationMetric', 'MapQuality')
        reads = str(node.get('type')).endswith(kinds)
        if reads and steps and 'score_map_steps' not in node:
            node['score_map_steps'] = steps
            option = '--cfg-options test_evaluator.score_map_steps=[]'
            _tell(f'list {steps} of score_map_steps', [], option)


def _tell(what: str, here, option: str) -> None:
    warn(
        f'The {what} of the checkpoint is used, and not {here!r} of the '
        f'config. To use {here!r}, give {option}.'
    )


def carried_settings(checkpoint: dict) -> dict:
    """Give what the boxes of a checkpoint need.

    `mmspg.evaluation.protocol` explains the content.
    """
    meta = checkpoint.get('meta')
    found = meta.get(META_KEY) if isinstance(meta, dict) else None
    return found if isinstance(found, dict) else {}


def _trained_config(checkpoint: dict) -> dict:
    """Give the config of the training, or {} if there is none to read."""
    meta = checkpoint.get('meta') or {}
    if not isinstance(meta, dict) or not meta.get('cfg'):
        return {}
    try:
        return parse_config(str(meta['cfg']))
    except ValueError:
        return {}


def _trained_side(checkpoint: dict) -> int | None:
    """Give the side of the network's input at the validation, in pixels."""
    side = carried_settings(checkpoint).get('input_size')
    if side is None:
        side = input_side(_trained_config(checkpoint).get('val_dataloader'))
    return side if isinstance(side, int) and side > 0 else None
