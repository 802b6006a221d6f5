"""The history of launches and jobs, and the only SQL in the package: `store.History` is the open file with its tables.

`database` opens, migrates and locks the file, `schema` has its tables; `groups`, `jobs`, `cloud_jobs`, `submissions` and
`counts` query them; `records`, `details` and `job_filter` are their types. `recorder` records a local launch, `job_logs`
keeps output, `masking` hides secrets. Must not know Docker or Google.
"""
