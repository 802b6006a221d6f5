"""Results as text for people: a module for each kind of result, a function for each command of the command line.

Knows rich; knows neither flags nor how a result comes about. The table of commands names the functions.
"""
