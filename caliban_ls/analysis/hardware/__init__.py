"""What a cloud job runs on: reading specs, filling in what nobody wrote, judging what was, and its price.

Answers from the catalogue alone. Knows no file and no flag: a problem names the key that it is about, and
whoever asked knows where that key stands.

A request is possible when all its parts go together. What isn't written gives way: a default is replaced by
the nearest that goes with the rest. What is written never is; if it can't go together there is one error, of
the first broken rule of `rules`, on the part whose change alone would mend it.

The package is one address for what readers need; inside, each module builds on those before it: `request`
(the words), `spec` (their text), `possible` (the rules), `choice` (the defaults), `remedy` (what to change),
`judgement`, `pricing`, `menu` (what a part could be instead), `offers` (the catalogue as tables).
"""

from caliban_ls.catalog import Accelerator, Kind, Mode
from caliban_ls.hardware.choice import Choice, GaveWay, Quota, quotas, resolve
from caliban_ls.hardware.judgement import judge
from caliban_ls.hardware.menu import MENU_FIELDS, MenuField, Option, menu
from caliban_ls.hardware.offers import (
    AcceleratorOffer,
    MachineOffer,
    RegionOffer,
    accelerators,
    machines,
    regions,
)
from caliban_ls.hardware.pricing import Cost, Price, price
from caliban_ls.hardware.request import Alternative, Backend, Changes, Field, Part, Problem, Request, applied
from caliban_ls.hardware.shortage import instead
from caliban_ls.hardware.spec import Spec, SpecProblem, parse_spec

__all__ = [
    "MENU_FIELDS",
    "Accelerator",
    "AcceleratorOffer",
    "Alternative",
    "Backend",
    "Changes",
    "Choice",
    "Cost",
    "Field",
    "GaveWay",
    "Kind",
    "MachineOffer",
    "MenuField",
    "Mode",
    "Option",
    "Part",
    "Price",
    "Problem",
    "Quota",
    "RegionOffer",
    "Request",
    "Spec",
    "SpecProblem",
    "accelerators",
    "applied",
    "instead",
    "judge",
    "machines",
    "menu",
    "parse_spec",
    "price",
    "quotas",
    "regions",
    "resolve",
]
