"""How the weight of the unlabelled loss grows."""


def ramp(step: float, t1: float, t2: float, alpha: float) -> float:
    """Weight of the unlabelled loss at a step (Lee 2013, equation 16).

    0 before t1, alpha from t2 on, and a straight line between.
    """
    if step < t1:
        return 0.0
    if step >= t2:
        return float(alpha)
    return (step - t1) / (t2 - t1) * alpha
