"""Suppression behind an exported detector, in ONNX's own operators."""

import onnx
from onnx import compose, parser

from fewsky.models.onnx_graph import OPSET
from fewsky.networks.detectors import CANDIDATES, DETECTIONS, LEAST_SCORE

EVERY = ("every_box", "every_score")  # what the network says of all anchors
GIVEN = ("image", "label", "score", "box")  # one value or row a detection
# Behind the network: as in PyTorch, of a class the best CANDIDATES above LEAST_SCORE, without those
# that a better one covers. Boxes are cut to the image last; what then has no area is left out.
SUPPRESSION = """<ir_version: 10, opset_import: ["" : {opset}]>
suppression (float[n, anchor, 4] every_box, float[n, class, anchor] every_score)
    => (int64[m] image, int64[m] label, float[m] score, float[m, 4] box)
<int64[1] candidates = {{{candidates}}}, int64[1] most = {{{most}}},
 float[1] overlap = {{{overlap}}}, float[1] least = {{{least}}},
 float low = {{0.0}}, float high = {{{side}.0}}, float none = {{0.0}},
 int64 zero = {{0}}, int64 one = {{1}}, int64[1] last = {{-1}}, int64[2] of_box = {{0, 2}},
 int64[2] first = {{0, 1}}, int64[2] second = {{2, 3}}> {{
    best, places = TopK <axis = -1> (every_score, candidates)
    worst = ReduceMin <keepdims = 1> (best, last)
    chosen = GreaterOrEqual(every_score, worst)
    scores = Where(chosen, every_score, none)
    kept = NonMaxSuppression(every_box, scores, most, overlap, least)
    at = Gather <axis = 1> (kept, of_box)
    whole = GatherND(every_box, at)
    inside = Clip(whole, low, high)
    near = Gather <axis = 1> (inside, first)
    far = Gather <axis = 1> (inside, second)
    wide = Greater(far, near)
    sides = Cast <to = 6> (wide)
    both = ReduceMin <keepdims = 0> (sides, last)
    seen = Cast <to = 9> (both)
    rows = Compress <axis = 0> (kept, seen)
    image = Gather <axis = 1> (rows, zero)
    label = Gather <axis = 1> (rows, one)
    score = GatherND(every_score, rows)
    box = Compress <axis = 0> (inside, seen)
}}"""


def suppressed(raw: bytes, overlap: float, size: int) -> bytes:
    """A graph that gives EVERY with suppression behind it, which gives GIVEN.

    These are image (its number in the batch), label (number of the class), score and box (x0, y0,
    x1, y1 in pixels of an image of `size` px), class by class and best first within one; at most
    DETECTIONS a class.
    """
    before = onnx.load_from_string(raw)
    anchors = before.graph.output[1].type.tensor_type.shape.dim[2].dim_value
    told = SUPPRESSION.format(
        opset=OPSET, overlap=overlap, side=size,
        candidates=min(CANDIDATES, anchors), most=DETECTIONS, least=LEAST_SCORE,
    )  # fmt: skip
    behind = parser.parse_model(told)
    behind.ir_version = before.ir_version
    whole = compose.merge_models(before, behind, io_map=[(name, name) for name in EVERY])
    onnx.checker.check_model(whole, full_check=True)
    return whole.SerializeToString(deterministic=True)
