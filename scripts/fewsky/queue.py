"""Snakemake's queue of jobs, kept from wearing out the machine that it runs on."""

from typing import Any

FREE = 100  # jobs a second, Snakemake's own limit, which a workflow of real jobs never meets


def spare(scheduler: Any) -> None:
    """Turn off the limit of new jobs a second of a `JobScheduler`, unless a lower one was asked.

    With a limit, Snakemake 9.27 starts a timer at each look at its queue, and each timer ends in
    another look: after N jobs it looks N times a second, and takes a core to itself. (Its issue
    3804, https://github.com/snakemake/snakemake/issues/3804, tells of the threads.)
    """
    limit = getattr(scheduler, "job_rate_limiter", None)
    if limit is not None and limit.max_jobs >= FREE * limit.timespan:
        scheduler.job_rate_limiter = None
