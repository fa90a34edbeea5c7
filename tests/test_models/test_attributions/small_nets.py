"""Small networks, with every function that the attributions meet."""

import torch
import torch.nn.functional as F
from torch import nn


class SmallNet(nn.Module):
    """conv, BatchNorm, ReLU, max pool, conv, ReLU, GAP, linear."""

    def __init__(self, classes=5):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(6)
        self.pool = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(6, 8, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.fc = nn.Linear(8, classes)

    def forward(self, x):
        x = self.pool(F.relu(self.bn1(self.conv1(x))))
        x = self.relu(self.conv2(x))
        return self.fc(F.dropout(x.mean(dim=(2, 3)), 0.5, self.training))


class BranchNet(nn.Module):
    """Concatenation, a sum, an average pool and a second pool."""

    def __init__(self, classes=5):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.left = nn.Conv2d(4, 4, 1)
        self.right = nn.Conv2d(4, 4, 3, padding=1)
        self.pool = nn.AvgPool2d(2)
        self.mix = nn.Conv2d(8, 8, 1)
        self.fc = nn.Linear(8 * 3 * 3, classes)

    def forward(self, x):
        x = F.relu(self.stem(x))
        x = torch.cat([F.relu(self.left(x)), F.relu(self.right(x))], 1)
        x = self.pool(x)
        x = x + F.relu(self.mix(x))
        x = F.adaptive_avg_pool2d(x, 3)
        return self.fc(torch.flatten(x, 1))


def build(kind=SmallNet, seed=0):
    torch.manual_seed(seed)
    net = kind()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 0.5, 1)  # some are negative
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return net.eval()


def images(n=2, seed=1, side=12):
    torch.manual_seed(seed)
    return torch.randn(n, 3, side, side)


LABELS = torch.tensor([[0, 3], [4, 4]])
