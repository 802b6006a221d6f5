"""A stand-in for Google's training services on this machine's loopback: strict about requests, frank about faults.

Every body and every query is held against the discovery documents that Google publishes (they come with
google-api-python-client), and then against the rules that those documents leave to prose. Knows nothing of
the program that is tested.

`server.Emulator` is the way in; `vertex` and `ai_platform` are the two services, `others` what surrounds them
(tokens, logs, the registry's API), `schema` the discovery documents, `faults` what goes wrong on demand.
"""
