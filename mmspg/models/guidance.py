"""Self-produced guidance as pure functions: attention, Eq. (1), guided loss.

Every function works on whole batches and keeps all data on its device. It has
no branch that depends on the data, so it neither synchronises a GPU nor
breaks a trace.
"""

import torch
import torch.distributed.nn.functional as dist_fn
import torch.nn.functional as F
from torch import Tensor

FOREGROUND, BACKGROUND, IGNORED = 1, 0, 255


def upsample(
    maps: Tensor,
    size: int | tuple[int, int],
    align_corners: bool = False,
) -> Tensor:
    """Resize maps bilinearly.

    Args:
        maps (Tensor): Shape ``(N, h, w)``.
        size (int | tuple[int, int]): The new side, or height and width.
        align_corners (bool): See PyTorch's ``interpolate``. PyTorch 0.3, and
            so the authors' release, always did True. Defaults to False.

    Returns:
        Tensor: Shape ``(N, H, W)``.
    """
    size = (size, size) if isinstance(size, int) else tuple(size)
    return F.interpolate(
        maps.unsqueeze(1), size, mode='bilinear', align_corners=align_corners
    ).squeeze(1)


def min_max_normalise(maps: Tensor) -> Tensor:
    """Scale each map of a batch to [0, 1], from its minimum to its maximum.

    A constant map holds no evidence and becomes 0 everywhere. The released
    codes divide 0 by 0 there.

    Args:
        maps (Tensor): Shape ``(N, H, W)``, any range.

    Returns:
        Tensor: Shape ``(N, H, W)``, in [0, 1].
    """
    low = maps.amin(dim=(1, 2), keepdim=True)
    high = maps.amax(dim=(1, 2), keepdim=True)
    span = (high - low).clamp(min=torch.finfo(maps.dtype).tiny)
    return (maps - low) / span


def attention_map(
    class_map: Tensor,
    size: int | tuple[int, int],
    align_corners: bool = False,
) -> Tensor:
    """Make the attention map O of section 3.2: upsample, then normalise.

    There is no ReLU in between: the lowest value of a class map is the
    background, whatever its sign.

    Args:
        class_map (Tensor): A4's map of the ground-truth class, ``(N, h, w)``.
        size (int | tuple[int, int]): Size of the guidance.
        align_corners (bool): See :func:`upsample`. Defaults to False.

    Returns:
        Tensor: Shape ``(N, H, W)``, in [0, 1], without gradient.
    """
    maps = upsample(class_map.detach(), size, align_corners)
    return min_max_normalise(maps)


def guidance_mask(
    maps: Tensor,
    delta_h: float,
    delta_l: float,
    min_foreground: int = 0,
    fallback: float = 0.7,
) -> Tensor:
    """Make the seeds of foreground and background, Eq. (1) of the paper.

    A pixel is foreground if its value is above ``delta_h``, background if it
    is below ``delta_l``, and ignored in between. Both released codes have
    another rule, which the paper does not have: if fewer than 30 pixels of an
    image pass ``delta_h``, 0.7 times the image's maximum replaces it. That is
    ``min_foreground=30``. The background is written last, so it wins if the
    lowered ``delta_h`` is below ``delta_l``.

    Args:
        maps (Tensor): Shape ``(N, H, W)``, in [0, 1]. No gradient passes.
        delta_h (float): Threshold of the foreground, in (0, 1).
        delta_l (float): Threshold of the background, in (0, ``delta_h``).
        min_foreground (int): An image with fewer foreground pixels gets the
            fallback. 0 switches it off. Defaults to 0.
        fallback (float): The fallback's share of the maximum.
            Defaults to 0.7.

    Returns:
        Tensor: Shape ``(N, H, W)``, uint8: 1 foreground, 0 background, 255
        ignored.
    """
    maps = maps.detach()
    foreground = maps > delta_h
    if min_foreground > 0:
        lowered = fallback * maps.amax(dim=(1, 2), keepdim=True)
        few = foreground.sum(dim=(1, 2), keepdim=True) < min_foreground
        foreground = torch.where(few, maps > lowered, foreground)
    mask = torch.full_like(maps, IGNORED, dtype=torch.uint8)
    mask = mask.masked_fill(foreground, FOREGROUND)
    return mask.masked_fill(maps < delta_l, BACKGROUND)


def guided_bce(
    logits: Tensor, mask: Tensor, sync: bool = False, balanced: bool = False
) -> Tensor:
    """Compute the binary cross entropy over the labelled pixels of a batch.

    Args:
        logits (Tensor): Shape ``(N, H, W)``, before the sigmoid.
        mask (Tensor): Shape ``(N, H, W)``: 1, 0 or 255 (ignored).
        sync (bool): In distributed training, divide by the labelled pixels
            of all processes, so that the averaged gradient is that of one
            process with the whole batch. Defaults to False.
        balanced (bool): Average the mean over the foreground and the mean
            over the background. Then a kind with few pixels weighs as much
            as the other, and a kind without pixels counts as 0. Defaults to
            False, the mean over all labelled pixels, as in the paper.

    Returns:
        Tensor: A scalar. If no pixel is labelled, it is 0 with a gradient of
        0.
    """
    foreground = mask == FOREGROUND
    loss = F.binary_cross_entropy_with_logits(
        logits, foreground.to(logits), reduction='none'
    )
    kinds = [foreground, mask == BACKGROUND] if balanced else [mask != IGNORED]
    totals = torch.stack([loss.where(kind, 0).sum() for kind in kinds])
    counts = torch.stack([kind.sum() for kind in kinds]).to(totals)
    if sync and torch.distributed.is_initialized():
        # DDP averages gradients over the processes, hence the mean count.
        counts = dist_fn.all_reduce(counts)
        counts = counts / torch.distributed.get_world_size()
    return (totals / counts.clamp(min=torch.finfo(totals.dtype).tiny)).mean()


def ramp(progress: float, start: float, end: float) -> float:
    """Give the weight of the guidance: 0 until ``start``, 1 from ``end`` on.

    Args:
        progress (float): Share of the training that is done, in [0, 1].
        start (float): Share at which the guidance sets in.
        end (float): Share at which it has its full weight, above ``start``.

    Returns:
        float: In [0, 1], linear in between.
    """
    return min(1.0, max(0.0, (progress - start) / (end - start)))


def mask_shares(mask: Tensor) -> dict[str, Tensor]:
    """Give the shares of foreground, background and ignored pixels of a mask.

    They show whether the guidance works. If the foreground is near 1, a
    branch has collapsed; if the ignored share is, it learns from almost
    nothing.

    Args:
        mask (Tensor): Shape ``(N, H, W)``: 1, 0 or 255.

    Returns:
        dict[str, Tensor]: Scalars in [0, 1] named ``fg``, ``bg`` and
        ``ignored``.
    """
    return {
        name: (mask == value).float().mean()
        for name, value in (
            ('fg', FOREGROUND),
            ('bg', BACKGROUND),
            ('ignored', IGNORED),
        )
    }


def pick_class_maps(
    features: Tensor, weight: Tensor, bias: Tensor | None, labels: Tensor
) -> Tensor:
    """Compute the class maps of the requested classes only.

    The 1x1 convolution A4 is evaluated with the rows of these classes. The
    other maps (there are 1000 on ILSVRC) never exist.

    Args:
        features (Tensor): Input of A4, shape ``(N, D, h, w)``.
        weight (Tensor): A4's kernel, shape ``(C, D, 1, 1)``.
        bias (Tensor, optional): A4's bias, shape ``(C, )``.
        labels (Tensor): Requested classes, shape ``(N, K)``, int64.

    Returns:
        Tensor: Shape ``(N, K, h, w)``, any range.
    """
    rows = weight.flatten(1)[labels]
    maps = torch.bmm(rows, features.flatten(2))
    if bias is not None:
        maps = maps + bias[labels].unsqueeze(-1)
    return maps.unflatten(-1, features.shape[-2:])


def geometric_mean(maps: Tensor, other: Tensor) -> Tensor:
    """The map where both agree, each min-max normalised, in [0, 1].

    Args:
        maps (Tensor): Shape ``(N, K, h, w)``, any range.
        other (Tensor): Shape ``(N, K, h', w')``, resized to the first.

    Returns:
        Tensor: Shape ``(N, K, h, w)``.
    """
    one = min_max_normalise(maps.flatten(0, 1))
    two = min_max_normalise(upsample(other.flatten(0, 1), maps.shape[-2:]))
    return (one * two).sqrt().view_as(maps)
