"""Boxes around galaxies: their table, their file formats, and what moves them.

A box is (x0, y0, x1, y1) in pixels of the image as stored, edges and not centres: x grows to the
right along columns, y down the rows, and one that covers the columns a to b has x0 = a, x1 = b + 1.
"""
