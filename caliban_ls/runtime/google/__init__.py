"""Google's APIs: `auth` opens credentials, `client` makes requests, `transport` sends each at most once.

`local_identity` reads account and project from files, `retries` repeats requests that are safe to repeat, `errors` and
`connection_errors` explain failures, `cloud_logging` reads logs, `credentials` finds key files for containers. The only
package that imports `google` and `googleapiclient`. Must not know jobs or sweeps.
"""
