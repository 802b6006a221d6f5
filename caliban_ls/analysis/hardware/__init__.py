"""The hardware of cloud jobs: read specs, fill in defaults, check requests, find prices.

Answers from `catalog` alone. Must not know files or flags: a problem names its key, and the caller finds that key in the
text.

A request is possible when all its parts go together. A default that doesn't is replaced by the nearest that does. A
written value is never replaced: if it can't go with the rest, the first broken rule of `compatibility` is the one error,
on the part whose change alone would fix it.

Each module builds on those before it: `request` (what can be asked for), `spec` (`2xT4`), `compatibility` (the rules),
`resolve` (the defaults), `alternatives` (fixes), `checks`, `pricing`, `options` (other values of a key), `listings` (the
catalogue as tables), `quota_alternatives`. Importing the package loads them all, for callers that need several.
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
