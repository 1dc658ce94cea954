"""torchvision beside a PyTorch without its compiled operators."""

import torch

from fewsky.networks.vision_ops import nms, prepare_torchvision

prepare_torchvision()


def test_torchvision_and_its_suppression_work():
    import torchvision

    boxes = torch.tensor([[0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30.0]])
    scores = torch.tensor([0.5, 0.9, 0.3])
    assert torchvision.ops.nms(boxes, scores, 0.5).tolist() == [1, 2]
    assert torchvision.ops.nms(boxes, scores, 0.9).tolist() == [1, 0, 2]


def test_suppression_against_the_definition():
    """Box by box: kept where no better kept box overlaps by more than the threshold."""
    generator = torch.Generator().manual_seed(0)
    corner, side = torch.rand(2, 200, 2, generator=generator)
    boxes, scores = (
        torch.cat([corner, corner + 0.3 * side], 1),
        torch.rand(200, generator=generator),
    )
    kept = []
    for k in scores.argsort(descending=True).tolist():
        if all(overlap(boxes[k], boxes[j]) <= 0.3 for j in kept):
            kept.append(k)
    assert nms(boxes, scores, 0.3).tolist() == kept


def overlap(a, b):
    low, high = torch.maximum(a[:2], b[:2]), torch.minimum(a[2:], b[2:])
    shared = float((high - low).clamp(min=0).prod())
    area = [float((box[2:] - box[:2]).prod()) for box in (a, b)]
    return shared / (sum(area) - shared)


def test_no_box_at_all():
    assert nms(torch.zeros(0, 4), torch.zeros(0), 0.5).tolist() == []
