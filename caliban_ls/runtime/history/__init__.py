"""The history of launches and jobs: `store` is the SQLite file, `recorder` writes a launch, `job_logs` keeps output.

`counts` counts states, `masking` hides secrets in what is kept. Must not know Docker or Google.
"""
