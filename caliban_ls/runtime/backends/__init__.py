"""Google's training services: `registry` has each by its name, `vertex` and `ai_platform` write and send their requests.

`backend` has the protocols that they implement. `submitter` sends jobs, each exactly once, after `launch_journal` has
recorded them; `job_sync` writes the service's job states to the history; `labels` marks jobs, so that they are found
again. Must not know how a plan was confirmed.
"""
