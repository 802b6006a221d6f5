"""The sweep language: check a block, count the jobs, expand them to argument lists.

Owns what an experiment config means. Must not know scripts, machines or files.
"""
