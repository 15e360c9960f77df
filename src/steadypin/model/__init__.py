"""The nouns of steadypin: immutable values without I/O, clock or environment.

Texts of versions, markers and requirements are kept as the file wrote them, because files are written back and because an
environment of 500 distributions has thousands of them; `steadypin.model.parse` turns them into `packaging` values, once each.
"""
