"""One class for an image that has objects of several. No command."""

# Leave the image out, or take the class whose boxes cover most.
SEVERAL = ('skip', 'largest')


def one_class(some, policy):
    """Choose the class of an image and its boxes.

    Args:
        some (list): ``(class name, Box)`` each, with continuous corners.
        policy (str): One of `SEVERAL`.

    Returns:
        tuple | None: The name and its boxes; None leaves the image out.
    """
    areas: dict[str, float] = {}
    for name, box in some:
        x0, y0, x1, y1 = box.xyxy
        areas[name] = areas.get(name, 0) + (x1 - x0) * (y1 - y0)
    if not areas or (len(areas) > 1 and policy == 'skip'):
        return None
    chosen = max(areas, key=areas.get)
    return chosen, [box for name, box in some if name == chosen]
