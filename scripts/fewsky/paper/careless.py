"""Words for careful and careless splits of the same detections (splits.price), in their order."""

SPLITS = {
    "careful": "careful",
    "random": "objects at random, copies left in",
    "random-once": "objects at random, one detection each",
    "overlap": "whole groups, overlap left in",
    "copies": "copies left in on one side",
    "border": "border patches padded with zeros",
}
TESTED = {"own": "each on its own test part", "shared": "on the test objects of both"}
AUDIT = {True: "enforced", False: "measured only"}
WARNING = "measured, not enforced: in no table of main results"


def in_order(names):
    """The splits among some names, in the order of SPLITS."""
    return [name for name in SPLITS if name in set(names)]
