"""Answers for editors: completion, hover, code lenses, fixes and more, each a function of a document and an offset.

Every answer comes from a `DocumentContext`: the parsed text, its project and its script. Nothing here knows a
protocol, an editor, a disk or a network; offsets and spans count code points. Answers of a
block are kept in its notes, so that a keystroke costs what it touches.
"""
