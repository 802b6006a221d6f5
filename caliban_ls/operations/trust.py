"""`trust`: agree to the keys of a project's config that run or mount something of the user's."""

from __future__ import annotations

from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.context.trust import agree
from caliban_ls.operations.local import image
from caliban_ls.operations.schemas.setup import TrustArguments, TrustResult


def trust(_arguments: TrustArguments, context: Context) -> TrustResult:
    """Agree to what the project's config wants that needs agreement, as it stands now."""
    wanted = image.demands(read_project(context), context)
    if wanted:
        agree(wanted, context)
    return TrustResult(agreed=wanted)
