"""What circuits have become by learning: how they changed, what they do, how alike they are.

All of it works on what `rulegen.dissect` returns, with lives first, and makes tables and pictures.
"""
