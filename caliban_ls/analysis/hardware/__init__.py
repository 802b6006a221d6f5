"""What a cloud job runs on: reading specs, filling in what nobody wrote, judging what was, and its price.

Answers from the catalogue alone. Knows no file and no flag: a problem names the key that it is about, and
whoever asked knows where that key stands.

A request is possible when all its parts go together. What isn't written gives way: a default is replaced by
the nearest that goes with the rest. What is written never is; if it can't go together there is one error, of
the first broken rule of `rules`, on the part whose change alone would mend it.

The package is one address for what readers need; inside, each module builds on those before it: `request`
(the words), `spec` (their text), `compatibility` (the rules), `resolve` (the defaults), `alternatives` (what to change),
`checks`, `pricing`, `options` (what a part could be instead), `listings` (the catalogue as tables).
"""

from caliban_ls.analysis.hardware.catalog import Accelerator, Kind, Mode
from caliban_ls.analysis.hardware.checks import check_request
from caliban_ls.analysis.hardware.listings import (
    AcceleratorOffer,
    MachineOffer,
    RegionOffer,
    accelerators,
    machines,
    regions,
)
from caliban_ls.analysis.hardware.options import MENU_FIELDS, MenuField, Option, menu
from caliban_ls.analysis.hardware.pricing import Cost, Price, price
from caliban_ls.analysis.hardware.quota_alternatives import instead
from caliban_ls.analysis.hardware.request import (
    Alternative,
    Changes,
    Field,
    HardwareProblem,
    Part,
    Request,
    applied,
)
from caliban_ls.analysis.hardware.resolve import GaveWay, HardwareChoice, Quota, quotas, resolve
from caliban_ls.analysis.hardware.spec import Spec, SpecProblem, parse_spec

__all__ = [
    "MENU_FIELDS",
    "Accelerator",
    "AcceleratorOffer",
    "Alternative",
    "Changes",
    "Cost",
    "Field",
    "GaveWay",
    "HardwareChoice",
    "HardwareProblem",
    "Kind",
    "MachineOffer",
    "MenuField",
    "Mode",
    "Option",
    "Part",
    "Price",
    "Quota",
    "RegionOffer",
    "Request",
    "Spec",
    "SpecProblem",
    "accelerators",
    "applied",
    "check_request",
    "instead",
    "machines",
    "menu",
    "parse_spec",
    "price",
    "quotas",
    "regions",
    "resolve",
]
