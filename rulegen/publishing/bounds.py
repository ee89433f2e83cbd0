"""What a fit could not say of a coefficient, because it was not let go farther."""

from __future__ import annotations

from rulegen.catalog import Record


def at_bounds(record: Record) -> str:
    """The fitted parameters that stand at a bound of their own, in a sentence; "" without one.

    Example:
        >>> text = "param theta_1 = 3 in [-3, 3]\\ndw/dt = theta_1*pre*post"
        >>> at_bounds(Record(name="mine", title="Mine", kind="discovered", equations=text,
        ...                  description="", parameters={"theta_1": {"meaning": "a coefficient"}}))
        'theta_1 stands at a bound of its interval [-3, 3]: no value beyond it was tried.'
    """
    fitted = record.parameters if record.kind == "discovered" else ()
    found = [
        f"{p.name} stands at a bound of its interval [{p.lower:g}, {p.upper:g}]"
        for p in record.rule.parameters
        if p.name in fitted and p.value in (p.lower, p.upper)
    ]
    return f"{', '.join(found)}: no value beyond it was tried." if found else ""
