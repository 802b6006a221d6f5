"""Answers for editors: completion, hover, code lenses, fixes and more, each a function of a document and an offset.

Every answer comes from a `DocumentContext`: the parsed text, its project and its script. Nothing here knows a
protocol, an editor, a disk or a network; offsets and spans count code points. Answers
about a block are kept in a side table, so that a keystroke costs no more than the block that it touches.
"""
