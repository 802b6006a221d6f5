"""A stand-in for Google's training services on this machine's loopback: strict about requests, frank about faults.

Every body and every query is held against the discovery documents that Google publishes (they come with
google-api-python-client), and then against the rules that those documents leave to prose. Knows nothing of
the program that is tested.

`server.Emulator` is the way in; `vertex` and `ai_platform` are the two services, `others` what surrounds them (logs,
the registry's API), `tokens` knows who may ask and `credentials` how they show it, `schema` the discovery documents,
`listening` is the port and `authority` its certificate, `faults` what goes wrong on demand.
"""
