"""SPG against SPG-plain on the embedded data set, which needs no files."""

SYSTEMS = {
    'SPG-plain': dict(config='configs/spg-plain_tiny_synthetic.py'),
    'SPG': dict(config='configs/spg_tiny_synthetic.py'),
}
DATA_SETS = {'synthetic': dict(changes={})}
# Drawn by the same rules as the others, and used for nothing else.
SHARED = {
    'test_dataloader.dataset.split': 'test',
    'test_dataloader.dataset.num_images': 1000,
    'default_hooks.visualization.enable': False,
}
SETTINGS = {'base': {}}
