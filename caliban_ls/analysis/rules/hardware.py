"""Family CAL4: hardware in a project config that Google's training services don't have."""

from __future__ import annotations

from caliban_ls.analysis.backend_names import CLOSED_BACKEND, DEFAULT_BACKEND
from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        code="CAL401",
        name="malformed-spec",
        severity=Severity.ERROR,
        explanation=(
            "A spec is a number, an x and a type, without spaces: `2xT4`. GPUs belong to `gpu_spec`, TPUs to "
            "`tpu_spec`. Case doesn't matter, and the API's names (`NVIDIA_TESLA_T4`) are understood."
        ),
        wrong='{"cloud": {"gpu_spec": "T4"}}\n',
        right='{"cloud": {"gpu_spec": "1xT4"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL402",
        name="unknown-region",
        severity=Severity.ERROR,
        explanation=(
            "The catalogue has no such region. If the region is newer than the catalogue, `--force CAL402` submits to "
            "it; its hardware isn't checked then, and its prices are unknown. A zone such as `us-central1-a` is no region."
        ),
        wrong='{"cloud": {"region": "us-centrall1"}}\n',
        right='{"cloud": {"region": "us-central1"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL403",
        name="unknown-machine-type",
        severity=Severity.ERROR,
        explanation=(
            "The catalogue has no such machine type. It may be newer than the catalogue; then its accelerators "
            "aren't checked, and its price is unknown. `caliban catalog machines` lists the known types."
        ),
        wrong='{"cloud": {"machine_type": "n1-standrad-8"}}\n',
        right='{"cloud": {"machine_type": "n1-standard-8"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL404",
        name="unknown-accelerator",
        severity=Severity.ERROR,
        explanation=(
            "The catalogue has no such GPU or TPU. It may be newer than the catalogue; then its machine type and "
            "region aren't checked, and its price is unknown. `caliban catalog accelerators` lists the known types."
        ),
        wrong='{"cloud": {"gpu_spec": "1xT44"}}\n',
        right='{"cloud": {"gpu_spec": "1xT4"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL405",
        name="region-without-training",
        severity=Severity.ERROR,
        explanation=(
            "Google has this region, but offered no custom training there on the day of the catalogue. If it does "
            'now, write `"force": true`.'
        ),
        wrong='{"cloud": {"region": "us-central2"}}\n',
        right='{"cloud": {"region": "us-central1"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL406",
        name="machine-type-without-training",
        severity=Severity.ERROR,
        explanation=(
            "Compute Engine has this machine type, but the training service doesn't. It excludes the smallest types "
            "(such as `n1-standard-2`) and whole families (C3, N2D, M3 and others)."
        ),
        wrong='{"cloud": {"machine_type": "n1-standard-2"}}\n',
        right='{"cloud": {"machine_type": "n1-highmem-2"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL407",
        name="accelerator-without-training",
        severity=Severity.ERROR,
        explanation=(
            "The API knows the name, but no training machine has this accelerator: K80 is gone, and names such as "
            "`TPU_V5_LITEPOD` belong to other services. TPU v5e is `V5E`, counted in chips: `16xV5E`."
        ),
        wrong='{"cloud": {"gpu_spec": "1xK80"}}\n',
        right='{"cloud": {"gpu_spec": "1xT4"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL408",
        name="machine-type-not-in-region",
        severity=Severity.ERROR,
        explanation=(
            "The region doesn't have this family of machine types, or lacks the accelerator that the machine type "
            "always has. Ten regions have no N1 machines, which older GPUs need."
        ),
        wrong='{"default_mode": "CPU", "cloud": {"region": "europe-west9", "machine_type": "n1-standard-8"}}\n',
        right='{"default_mode": "CPU", "cloud": {"region": "europe-west9", "machine_type": "e2-standard-8"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL409",
        name="accelerator-not-in-region",
        severity=Severity.ERROR,
        explanation=(
            "The region doesn't have this type of GPU or TPU, or has it for serving predictions only. "
            "`caliban catalog regions --gpu_spec 1xT4` lists the regions that have it."
        ),
        wrong='{"cloud": {"region": "africa-south1", "gpu_spec": "1xT4"}}\n',
        right='{"cloud": {"region": "asia-south1", "gpu_spec": "1xT4"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL410",
        name="accelerator-not-on-machine",
        severity=Severity.ERROR,
        explanation=(
            "N1 machines take P4, T4, V100 and P100. Every newer type has machine types of its own (A100: A2, "
            "L4: G2, H100: A3), and E2, N2, N4, C2 and M1 machines take none. Without `machine_type` the program "
            "chooses the nearest type that has the accelerator."
        ),
        wrong='{"cloud": {"machine_type": "e2-standard-8", "gpu_spec": "1xT4"}}\n',
        right='{"cloud": {"machine_type": "n1-standard-8", "gpu_spec": "1xT4"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL411",
        name="impossible-count",
        severity=Severity.ERROR,
        explanation=(
            "Accelerators come in fixed numbers: an N1 machine takes 1, 2 or 4 T4, a large one 4 only, and "
            "newer machine types have exactly the number in their name. The number of chips in a TPU slice is that "
            "of one of its topologies."
        ),
        wrong='{"cloud": {"region": "us-central1", "gpu_spec": "3xT4"}}\n',
        right='{"cloud": {"region": "us-central1", "gpu_spec": "2xT4"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL412",
        name="machine-needs-its-gpu",
        severity=Severity.ERROR,
        explanation=(
            "A2, A3, A4, G2 and G4 machines always come with GPUs. A job in CPU mode would pay for them and not use "
            "them. Choose another machine type, or GPU mode."
        ),
        wrong='{"default_mode": "CPU", "cloud": {"machine_type": "a2-highgpu-1g"}}\n',
        right='{"default_mode": "CPU", "cloud": {"machine_type": "n1-highcpu-16"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL413",
        name="gpu-and-tpu",
        severity=Severity.ERROR,
        explanation="A job runs on one worker pool, which has GPUs or a TPU. Remove one of the two specs.",
        wrong='{"cloud": {"gpu_spec": "1xT4", "tpu_spec": "8xV2"}}\n',
        right='{"cloud": {"gpu_spec": "1xT4"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL414",
        name="spot-not-offered",
        severity=Severity.WARNING,
        explanation=(
            "Google offers no spot machines for TPU slices of several machines. AI Platform Training never offered "
            "any; there this is an error."
        ),
        wrong='{"cloud": {"tpu_spec": "16xV5E", "spot": true}}\n',
        right='{"cloud": {"tpu_spec": "8xV5E", "spot": true}}\n',
        kind="project",
    ),
    Rule(
        code="CAL415",
        name="closed-service",
        severity=Severity.WARNING,
        explanation=(
            "Google closed AI Platform Training on 2025-01-31 and replaced it by Vertex AI. Caliban keeps the "
            "backend to read old configs; don't expect jobs to run there."
        ),
        wrong=f'{{"cloud": {{"backend": "{CLOSED_BACKEND}"}}}}\n',
        right=f'{{"cloud": {{"backend": "{DEFAULT_BACKEND}"}}}}\n',
        kind="project",
    ),
    Rule(
        code="CAL416",
        name="accelerator-out-of-support",
        severity=Severity.WARNING,
        explanation=(
            "Google still lists the accelerator but ended its support: P100 on 2026-09-15. Jobs may wait for ever. "
            "T4 has as much memory and costs a quarter."
        ),
        wrong='{"cloud": {"gpu_spec": "1xP100"}}\n',
        right='{"cloud": {"gpu_spec": "1xT4"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL417",
        name="gpu-in-cpu-mode",
        severity=Severity.WARNING,
        explanation=(
            "The config requests GPUs, but jobs run in CPU mode, in an image that can't use them. You would pay for "
            "idle GPUs. Remove `gpu_spec`, or change the mode."
        ),
        wrong='{"default_mode": "CPU", "cloud": {"gpu_spec": "1xT4"}}\n',
        right='{"default_mode": "CPU"}\n',
        kind="project",
    ),
    Rule(
        code="CAL418",
        name="above-default-quota",
        severity=Severity.WARNING,
        explanation=(
            "Google grants each project some hardware in each region. For more you ask under IAM & Admin > Quotas, "
            "or Google refuses the job with error 429. This is a warning for default hardware. For hardware that "
            "you chose, it is a hint if another region grants it: your project may have a larger quota."
        ),
        wrong='{"cloud": {"region": "europe-west3"}}\n',
        right='{"cloud": {"region": "europe-west4"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL419",
        name="default-gave-way",
        severity=Severity.INFORMATION,
        explanation=(
            "The default, one T4 on `n1-standard-8`, doesn't fit the rest of the config. Jobs use the nearest hardware "
            "that fits: another single GPU, another machine type, or no GPU. Write `machine_type` and `gpu_spec` to "
            "choose yourself."
        ),
        wrong='{"cloud": {"region": "africa-south1"}}\n',
        right='{"cloud": {"region": "asia-south1"}}\n',
        kind="project",
    ),
    Rule(
        code="CAL420",
        name="hard-to-get",
        severity=Severity.INFORMATION,
        explanation=(
            "Google rarely has this hardware free. Use spot or flex-start for H100 in small numbers, reserve H200 and "
            "B200; GB200 needs a reservation and an ARM image."
        ),
        wrong='{"cloud": {"gpu_spec": "1xH100"}}\n',
        right='{"cloud": {"gpu_spec": "1xH100", "spot": true}}\n',
        kind="project",
    ),
    Rule(
        code="CAL421",
        name="flex-start-not-offered",
        severity=Severity.ERROR,
        explanation=(
            "With flex-start a job waits until Google has machines free, and costs less. It is for jobs on L4, A100 "
            "and newer GPUs on Vertex AI, and excludes spot machines."
        ),
        wrong='{"cloud": {"gpu_spec": "1xT4", "flex_start": true}}\n',
        right='{"cloud": {"gpu_spec": "1xL4", "flex_start": true}}\n',
        kind="project",
    ),
)
