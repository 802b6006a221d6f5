"""What an editor offers around the cursor: a document and an offset in, an answer out.

Every answer is a function of a `DocumentContext`: the parsed text and what is known of the project around it. Nothing
here knows a protocol, an editor, a disk or a network; offsets and spans count code points. Answers of a
block are kept in its notes, so that a keystroke costs what it touches.
"""
