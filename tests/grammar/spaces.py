"""Spaces of rules for tests."""

from __future__ import annotations

from rulegen.grammar import Space, load_space

HEAD = '''
template = """
de/dt = {terms} : synapse
on reward: w += 0.01*(R - R_bar)*e
"""
'''


def space_of(limits: str = "terms = 2", constraints: str = "", **symbols: object) -> Space:
    """The space with these symbols, each given as (site, formulas) or by its formulas."""
    text = HEAD + f"[limits]\n{limits}\n[constraints]\n{constraints}\n"
    for name, value in symbols.items():
        site, formulas = value if isinstance(value, tuple) else ("synapse", value)
        text += f'[productions.{name}]\nsite = "{site}"\nformulas = {formulas}\n'
    return load_space(text)


def texts(space: Space) -> list[str]:
    return [term.text for term in space.terms]
