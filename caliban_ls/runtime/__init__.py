"""Where jobs run and what they run in: images, engines, cloud services, history.

Must not know commands, editors or the command line. The adapters import the SDKs: `docker` in `runtime.docker`,
`google` and `googleapiclient` in `runtime.google`.
"""
