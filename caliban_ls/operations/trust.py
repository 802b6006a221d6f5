"""`trust`: agree to the settings of a project's config that need the user's agreement."""

from __future__ import annotations

from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.context.trust import agree
from caliban_ls.operations.local import image
from caliban_ls.operations.schemas.setup import TrustArguments, TrustResult


def trust(_arguments: TrustArguments, context: Context) -> TrustResult:
    """Save the user's agreement to these settings, with their present values."""
    wanted = image.demands(read_project(context), context)
    if wanted:
        agree(wanted, context)
    return TrustResult(agreed=wanted)
