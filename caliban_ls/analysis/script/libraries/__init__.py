"""Parser libraries, each as one `Library` object; `registry` lists them.

A module here reads the flags that calls of its library declare. It must not know other libraries, apart from one
that its own is built on.
"""
