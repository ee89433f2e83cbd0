"""An export: the parameters of a rule, a line each."""

import rulegen as rg


def write(record):
    """The text of the export."""
    lines = [f"{p.name} = {float(p.value):g}" for p in record.rule.parameters]
    return "\n".join([record.title, *lines]) + "\n"


def problems(rule):
    """What of a rule it cannot express."""
    return [f"parameter {p.name}: it has no value" for p in rule.parameters if p.value is None]


OUTLINE = rg.Export("outline", "the parameters of a rule", ".txt", write, problems)
