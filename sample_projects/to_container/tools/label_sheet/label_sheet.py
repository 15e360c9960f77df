"""Shelf labels with a frame."""


def label(number):
    text = f" No. {number} "
    edge = "+" + "-" * len(text) + "+"
    return f"{edge}\n|{text}|\n{edge}"
