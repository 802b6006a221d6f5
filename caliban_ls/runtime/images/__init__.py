"""Plan an image without an engine: `plan` puts it together and computes its tag.

`entrypoint` finds the program, `dependencies` (with `package_metadata` and `requirements`) what to install,
`build_context` (with `ignore_rules` and `secret_files`) which files to send, `dockerfile` the steps, `build_secrets`
what a build borrows from the user. Must not know an engine.
"""
