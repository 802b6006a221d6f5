"""The Docker engine: `engine` calls its API, `endpoint` finds it, `buildkit` and `classic_builder` build images.

`payloads` makes request bodies, `streams` and `output_buffer` read output, `run_flags` parses flags of `docker run`,
`gpus` finds out about GPUs, `errors` explains an engine that doesn't answer, `push_log` reads a push, `unix_socket`
asks one question without the SDK. The only package that imports `docker`. Must not know experiments.
"""
