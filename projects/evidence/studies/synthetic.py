"""SPG against SPG-plain on the embedded data set, which needs no files."""

SYSTEMS = {
    'SPG-plain': dict(config='configs/spg-plain_tiny_synthetic.py'),
    'SPG': {
        'config': 'configs/spg_tiny_synthetic.py',
        'model.head.balanced_guidance': False,
        'model.head.guidance_ramp': None,
        'model.head.thresholds_b2': (0.5, 0.05),
        'model.head.thresholds_fuse': (0.7, 0.1),
    },
}
# What the figures of docs/measured.md were measured with; the config has
# since become shorter.
DATA_SETS = {
    'synthetic': dict(
        changes={
            'train_dataloader.dataset.num_images': 2000,
            'train_dataloader.batch_size': 50,
            'val_dataloader.dataset.num_images': 400,
            'train_cfg.max_epochs': 12,
        }
    )
}
# Drawn by the same rules as the others, and used for nothing else.
SHARED = {
    'test_dataloader.dataset.num_images': 1000,
    'default_hooks.visualization.enable': False,
}
SETTINGS = {'base': {}}
