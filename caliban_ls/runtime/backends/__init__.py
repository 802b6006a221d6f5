"""Google's two training services: `base` says what a service is, `vertex` and `ai_platform` make their requests.

`submitter` sends jobs once each, after `launch_journal` has written them down; `job_sync` writes the service's job
states to the history; `labels` names jobs. Must not know how a plan was confirmed.
"""
