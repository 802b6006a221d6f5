"""The Docker engine. The only package that imports `docker`. Must not know experiments.

`engine` implements the engine: `api` opens clients, `image_calls` and `container_calls` ask. `endpoint` finds the
address, `buildkit` and `classic_builder` build, `payloads` makes request bodies, `streams` and `output_buffer` read
output, `run_flags` parses flags of `docker run`, `gpus` finds GPUs, `errors` explains an engine that doesn't answer,
`push_log` reads a push, `unix_socket` asks one question without the SDK.
"""
